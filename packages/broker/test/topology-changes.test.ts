// Declaring, binding and deleting as AMQP 0-9-1 and RabbitMQ have it, seen through the machine.
// What is refused is in refusals.test.ts.
import t from 'tap'
import {
  applyAll,
  bindExchange,
  bindQueue,
  createMachine,
  exchange,
  give,
  queue,
  route,
  unbind
} from './metadata-fixture.ts'

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

t.test('a mismatch names the field, and both values', async (t) => {
  const machine = createMachine()
  give(machine, exchange('x', 'topic'))
  for (const [asked, details] of [
    [exchange('x', 'fanout'), { field: 'type', found: 'topic', asked: 'fanout' }],
    [
      exchange('x', 'topic', { autoDelete: true }),
      { field: 'autoDelete', found: 'false', asked: 'true' }
    ],
    [
      exchange('x', 'topic', { alternateExchange: 'y' }),
      { field: 'alternateExchange', found: 'none', asked: 'y' }
    ]
  ] as const) {
    const [result] = applyAll(machine, [asked])
    t.match(result, { error: { code: 'EXCHANGE_MISMATCH', details: { ...details, vhost: '/' } } })
  }
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
