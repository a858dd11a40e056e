// Routing as AMQP 0-9-1 and RabbitMQ have it: predeclared exchanges, exchanges bound to exchanges,
// alternate exchanges, vhosts.
import t from 'tap'
import { predeclaredExchanges, RouteTargets } from '../src/index.ts'
import {
  applyAll,
  bindExchange,
  bindQueue,
  createMachine,
  exchange,
  give,
  type HeaderSource,
  queue,
  route,
  unbind
} from './metadata-fixture.ts'

t.test(
  'every vhost has the predeclared exchanges, which may be declared as they are',
  async (t) => {
    const machine = createMachine()
    for (const [name, kind, { internal }] of predeclaredExchanges) {
      t.equal(machine.topology.exchange('/', name)?.kind, kind)
      const again = exchange(name, kind, { internal })
      if (name !== '') t.same(give(machine, again), { type: 'declared', created: false })
    }
    t.equal(machine.topology.counts.exchanges, 0)
  }
)

t.test('the exchange for traces is there, may be bound to, and not published to', async (t) => {
  const machine = createMachine()
  give(machine, { type: 'declare-vhost', vhost: 'v' })
  for (const vhost of ['/', 'v']) {
    const trace = machine.topology.exchange(vhost, 'amq.rabbitmq.trace')
    t.match(trace, { kind: 'topic', options: { durable: true, internal: true } })
  }
  give(machine, queue('q'))
  t.same(give(machine, bindQueue('amq.rabbitmq.trace', 'q', '#')), {
    type: 'declared',
    created: true
  })
  t.equal(route(machine, 'amq.rabbitmq.trace', 'publish.x'), 'exchange-internal')
  const remove = { type: 'delete-exchange', vhost: '/', name: 'amq.rabbitmq.trace' } as const
  t.equal(give(machine, { ...remove, ifUnused: false }), 'EXCHANGE_RESERVED')
})

t.test('the default exchange routes to the queue of that name', async (t) => {
  const machine = createMachine()
  give(machine, queue('orders'))
  t.same(route(machine, '', 'orders'), ['orders'])
  t.equal(route(machine, '', 'no'), 'unroutable')
})

t.test('what cannot be routed says why', async (t) => {
  const machine = createMachine()
  give(machine, exchange('inner', 'fanout', { internal: true }))
  t.equal(route(machine, 'no', 'k'), 'exchange-not-found')
  t.equal(route(machine, 'inner', 'k'), 'exchange-internal')
  t.equal(route(machine, 'amq.fanout', 'k'), 'unroutable')
  const out = new RouteTargets()
  t.equal(
    machine.topology.route('no', '', 'k', () => null, out),
    'vhost-not-found'
  )
  t.equal(out.count, 0)
})

t.test('a queue and an exchange of one name are two destinations', async (t) => {
  const machine = createMachine()
  applyAll(machine, [queue('same'), exchange('same'), exchange('x')])
  give(machine, bindQueue('x', 'same', 'k'))
  give(machine, bindExchange('x', 'same', 'k'))
  t.equal(machine.topology.counts.bindings, 2)
  give(machine, unbind(bindExchange('x', 'same', 'k')))
  t.same(route(machine, 'x', 'k'), ['same'])
})

t.test('a queue is reached once, by however many ways', async (t) => {
  const machine = createMachine()
  applyAll(machine, [queue('q'), queue('r'), exchange('a', 'topic'), exchange('b', 'fanout')])
  applyAll(machine, [
    bindQueue('a', 'q', '#'),
    bindQueue('a', 'q', 'x.*'),
    bindQueue('b', 'q', ''),
    bindQueue('b', 'r', ''),
    bindExchange('a', 'b', '#'),
    bindExchange('b', 'a', ''),
    bindExchange('a', 'a', '#')
  ])
  t.same(route(machine, 'a', 'x.y'), ['q', 'r'])
  t.same(route(machine, 'b', 'x.y'), ['q', 'r'])
})

t.test('an internal exchange takes messages from others', async (t) => {
  const machine = createMachine()
  applyAll(machine, [queue('q'), exchange('inner', 'fanout', { internal: true }), exchange('x')])
  applyAll(machine, [bindQueue('inner', 'q', ''), bindExchange('x', 'inner', 'k')])
  t.same(route(machine, 'x', 'k'), ['q'])
})

t.test('alternate exchanges take what no binding takes, along chains and cycles', async (t) => {
  const machine = createMachine()
  applyAll(machine, [
    queue('q'),
    queue('last'),
    exchange('a', 'direct', { alternateExchange: 'b' }),
    exchange('b', 'direct', { alternateExchange: 'c' }),
    exchange('c', 'fanout', { alternateExchange: 'a' }),
    bindQueue('a', 'q', 'k')
  ])
  t.same(route(machine, 'a', 'k'), ['q'])
  t.equal(route(machine, 'a', 'other'), 'unroutable')
  give(machine, bindQueue('c', 'last', ''))
  t.same(route(machine, 'a', 'other'), ['last'])
  t.same(route(machine, 'a', 'k'), ['q'])
  give(machine, exchange('d', 'direct', { alternateExchange: '' }))
  t.same(route(machine, 'd', 'last'), ['last'], 'the default exchange as alternate')
  give(machine, exchange('e', 'direct', { alternateExchange: 'later' }))
  t.equal(route(machine, 'e', 'k'), 'unroutable')
  applyAll(machine, [exchange('later', 'fanout'), bindQueue('later', 'q', '')])
  t.same(route(machine, 'e', 'k'), ['q'])
})

t.test('a binding to an exchange that leads nowhere still counts as taken', async (t) => {
  const machine = createMachine()
  applyAll(machine, [
    queue('q'),
    exchange('a', 'fanout', { alternateExchange: 'b' }),
    exchange('b', 'fanout'),
    exchange('empty', 'fanout'),
    bindQueue('b', 'q', '')
  ])
  t.same(route(machine, 'a', ''), ['q'])
  give(machine, bindExchange('a', 'empty', ''))
  t.equal(route(machine, 'a', ''), 'unroutable')
})

t.test(
  'headers are asked for at most once, and only on the way through a headers exchange',
  async (t) => {
    const machine = createMachine()
    let asked = 0
    const headers: HeaderSource = () => {
      asked += 1
      return { a: 1 }
    }
    applyAll(machine, [queue('q'), exchange('h', 'headers'), exchange('f', 'fanout')])
    applyAll(machine, [bindQueue('f', 'q', ''), bindQueue('h', 'q', '', { a: 1 })])
    route(machine, 'f', '', headers)
    t.equal(asked, 0)
    give(machine, exchange('h2', 'headers'))
    applyAll(machine, [
      bindQueue('h2', 'q', '', { a: 2 }),
      bindExchange('f', 'h', ''),
      bindExchange('f', 'h2', '')
    ])
    t.same(route(machine, 'f', '', headers), ['q'])
    t.equal(asked, 1)
  }
)

t.test('queues of one vhost are not those of another', async (t) => {
  const machine = createMachine()
  applyAll(machine, [{ type: 'declare-vhost', vhost: 'v' }, queue('q'), queue('only', 'v')])
  t.equal(route(machine, '', 'only'), 'unroutable')
  t.equal(machine.topology.queue('v', 'q'), null)
})

t.test('1,000 vhosts are fine', async (t) => {
  const machine = createMachine()
  const names = Array.from({ length: 1000 }, (_, index) => `v${String(index).padStart(4, '0')}`)
  applyAll(
    machine,
    names.map((vhost) => ({ type: 'declare-vhost', vhost }))
  )
  applyAll(
    machine,
    names.map((vhost) => queue('q', vhost))
  )
  t.same(machine.topology.vhostNames(), ['/', ...names])
  const first = machine.topology.queuesPage(600, null)
  const second = machine.topology.queuesPage(600, first.cursor)
  t.same(
    [...first.queues, ...second.queues].map(({ vhost }) => vhost),
    names
  )
  t.equal(second.cursor, null)
})

t.test('targets can be asked for by position only', async (t) => {
  const machine = createMachine()
  give(machine, queue('q'))
  const out = new RouteTargets()
  machine.topology.route('/', '', 'q', () => null, out)
  t.equal(out.at(0).name, 'q')
  t.throws(() => out.at(1), RangeError)
})

t.test('all keys of a message go the whole way, and what takes one of them takes it', async (t) => {
  const machine = createMachine()
  for (const name of ['q', 'other', 'spare']) give(machine, queue(name))
  give(machine, exchange('x', 'direct', { alternateExchange: 'rest' }))
  give(machine, exchange('y', 'topic'))
  give(machine, exchange('rest', 'fanout'))
  for (const binding of [
    bindExchange('x', 'y', 'first'),
    bindQueue('y', 'q', 'second'),
    bindQueue('rest', 'spare', '')
  ]) {
    give(machine, binding)
  }
  const out = new RouteTargets()
  for (const [name, copies, reached] of [
    ['x', ['first', 'second'], ['q']],
    ['x', ['first'], []],
    ['x', ['second'], ['spare']],
    ['', ['q', 'other', 'q'], ['other', 'q']]
  ] as const) {
    machine.topology.route('/', name, 'q', () => null, out, { copies })
    const names = out.toArray().map((target) => target.name)
    t.same(names.sort(), reached, `${name} ${copies}`)
  }
})
