// Declaring, binding and deleting as AMQP 0-9-1 and RabbitMQ have it, seen through the machine.
import t from 'tap'
import { type MetadataMachine, predeclaredExchanges, RouteTargets } from '../src/index.ts'
import {
  applyAll,
  bindExchange,
  bindQueue,
  createMachine,
  exchange,
  give,
  queue,
  unbind
} from './metadata-fixture.ts'

type Headers = Parameters<MetadataMachine['topology']['route']>[3]

/** Names of the queues reached, or what stood in the way. */
function route(
  machine: MetadataMachine,
  name: string,
  routingKey: string,
  headers: Headers = () => null
): readonly string[] | string {
  const out = new RouteTargets()
  const result = machine.topology.route('/', name, routingKey, headers, out)
  return result === 'routed' ? out.toArray().map((target) => target.name) : result
}

t.test(
  'every vhost has the predeclared exchanges, which may be declared as they are',
  async (t) => {
    const machine = createMachine()
    for (const [name, kind] of predeclaredExchanges) {
      t.equal(machine.topology.exchange('/', name)?.kind, kind)
      if (name !== '')
        t.same(give(machine, exchange(name, kind)), { type: 'declared', created: false })
    }
    t.equal(machine.topology.counts.exchanges, 0)
  }
)

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

t.test('declaring again with equal arguments answers with what exists', async (t) => {
  const machine = createMachine()
  const first = give(machine, queue('q', '/', 3))
  const again = give(machine, queue('q', '/', 1))
  t.match(first, { group: 3, created: true })
  t.same(again, { ...Object(first), created: false })
  const options = { durable: true, autoDelete: true, alternateExchange: 'later' }
  t.same(give(machine, exchange('x', 'topic', options)), { type: 'declared', created: true })
  t.same(give(machine, exchange('x', 'topic', options)), { type: 'declared', created: false })
  t.same(give(machine, { type: 'declare-vhost', vhost: '/' }), { type: 'declared', created: false })
})

t.test('a mismatch names the field', async (t) => {
  const machine = createMachine()
  give(machine, exchange('x', 'topic'))
  const [result] = applyAll(machine, [exchange('x', 'topic', { autoDelete: true })])
  t.match(result, {
    error: { code: 'EXCHANGE_MISMATCH', details: { field: 'autoDelete', vhost: '/' } }
  })
})

t.test('names hold any characters', async (t) => {
  const machine = createMachine()
  for (const name of [
    'a/b',
    ' ',
    '\0',
    '😀'.repeat(63),
    'x'.repeat(255),
    '__proto__',
    '%2F',
    '\r\n'
  ]) {
    t.match(give(machine, queue(name)), { created: true })
    t.same(route(machine, '', name), [name])
    t.match(give(machine, { type: 'declare-vhost', vhost: name }), { created: true })
  }
})

t.test('a binding is the same whatever the order of its arguments', async (t) => {
  const machine = createMachine()
  applyAll(machine, [queue('q'), exchange('h', 'headers')])
  t.same(give(machine, bindQueue('h', 'q', 'k', { a: 1, b: 'x' })), {
    type: 'declared',
    created: true
  })
  t.same(give(machine, bindQueue('h', 'q', 'k', { b: 'x', a: 1 })), {
    type: 'declared',
    created: false
  })
  t.same(give(machine, bindQueue('h', 'q', 'k', { a: '1', b: 'x' })), {
    type: 'declared',
    created: true
  })
  t.same(give(machine, bindQueue('h', 'q', 'other', { a: 1, b: 'x' })), {
    type: 'declared',
    created: true
  })
  t.equal(machine.topology.counts.bindings, 3)
  give(machine, unbind(bindQueue('h', 'q', 'k', { b: 'x', a: 1 })))
  t.equal(machine.topology.counts.bindings, 2)
  t.same(give(machine, unbind(bindQueue('h', 'q', 'k', { b: 'x', a: 1 }))), { type: 'done' })
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
    const headers: Headers = () => {
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

t.test('deleting a queue takes its bindings along', async (t) => {
  const machine = createMachine()
  applyAll(machine, [queue('q'), queue('r'), exchange('x', 'fanout')])
  applyAll(machine, [bindQueue('x', 'q', ''), bindQueue('x', 'q', 'b'), bindQueue('x', 'r', '')])
  const id = machine.topology.queue('/', 'q')?.id ?? 0
  t.match(give(machine, { type: 'delete-queue', vhost: '/', name: 'q', queue: id }), { queue: id })
  t.same(route(machine, 'x', ''), ['r'])
  t.equal(machine.topology.counts.bindings, 1)
  t.equal(machine.topology.queueById(id), null)
  give(machine, queue('q'))
  t.not(machine.topology.queue('/', 'q')?.id, id, 'a queue of that name is another one')
  t.same(route(machine, 'x', ''), ['r'])
})

t.test('deleting an exchange takes bindings from it and to it along', async (t) => {
  const machine = createMachine()
  applyAll(machine, [queue('q'), exchange('a', 'fanout'), exchange('b', 'fanout')])
  applyAll(machine, [
    bindExchange('a', 'b', ''),
    bindQueue('b', 'q', ''),
    bindExchange('b', 'a', '')
  ])
  give(machine, { type: 'delete-exchange', vhost: '/', name: 'b', ifUnused: false })
  t.equal(machine.topology.counts.bindings, 0)
  t.equal(machine.topology.counts.exchanges, 1)
  t.same(machine.topology.queue('/', 'q')?.incoming, [])
  t.same(give(machine, { type: 'delete-exchange', vhost: '/', name: 'a', ifUnused: true }), {
    type: 'done'
  })
})

t.test('an auto-delete exchange goes with the last binding that leads from it', async (t) => {
  const machine = createMachine()
  const auto = { autoDelete: true }
  applyAll(machine, [queue('q'), exchange('a', 'fanout', auto), exchange('b', 'fanout', auto)])
  applyAll(machine, [
    exchange('c', 'fanout', auto),
    bindExchange('a', 'b', ''),
    bindExchange('b', 'c', '')
  ])
  t.ok(machine.topology.exchange('/', 'c'), 'it stays while it was never bound')
  applyAll(machine, [bindQueue('c', 'q', ''), bindQueue('c', 'q', '2')])
  give(machine, unbind(bindQueue('c', 'q', '')))
  t.ok(machine.topology.exchange('/', 'c'))
  give(machine, { type: 'delete-queue', vhost: '/', name: 'q', queue: null })
  t.same(
    ['a', 'b', 'c'].map((name) => machine.topology.exchange('/', name)),
    [null, null, null]
  )
  t.same({ ...machine.topology.counts }, { vhosts: 1, exchanges: 0, queues: 0, bindings: 0 })
})

t.test('an auto-delete exchange bound to itself goes too', async (t) => {
  const machine = createMachine()
  applyAll(machine, [exchange('a', 'fanout', { autoDelete: true }), bindExchange('a', 'a', '')])
  give(machine, unbind(bindExchange('a', 'a', '')))
  t.equal(machine.topology.exchange('/', 'a'), null)
  applyAll(machine, [exchange('a', 'fanout', { autoDelete: true }), bindExchange('a', 'a', '')])
  give(machine, { type: 'delete-exchange', vhost: '/', name: 'a', ifUnused: false })
  t.equal(machine.topology.counts.bindings, 0)
})

t.test(
  'an empty vhost can be deleted, with bindings between its predeclared exchanges',
  async (t) => {
    const machine = createMachine()
    give(machine, { type: 'declare-vhost', vhost: 'v' })
    give(machine, { ...bindExchange('amq.topic', 'amq.fanout', '#'), vhost: 'v' })
    t.equal(machine.topology.counts.bindings, 1)
    t.same(give(machine, { type: 'delete-vhost', vhost: 'v' }), { type: 'done' })
    t.equal(machine.topology.counts.bindings, 0)
    t.same(machine.topology.vhostNames(), ['/'])
    t.same(
      [...machine.topology.pages.rows()].map((row) => row.type),
      ['vhost']
    )
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
