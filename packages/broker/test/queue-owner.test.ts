// Whose an exclusive queue is: its connection's alone, for every use.
import t from 'tap'
import { type MetadataCommand, type QueueOwner, replicaId } from '../src/index.ts'
import { checkOwner, checkUse, isSameOwner, ownerRow, readOwner } from '../src/queue-owner.ts'
import { applyAll, bindQueue, createMachine, exclusive, give, queue } from './metadata-fixture.ts'

const mine: QueueOwner = { replica: replicaId(1, 1), process: 1024, connection: 7, client: 'me' }
const others: readonly QueueOwner[] = [
  { ...mine, replica: replicaId(1, 2) },
  { ...mine, process: 2048 },
  { ...mine, connection: 8 },
  { ...mine, client: 'you' }
]

t.test('it is declared again by its own connection, and by no other', async (t) => {
  const machine = createMachine()
  t.match(give(machine, exclusive('q', mine)), { type: 'queue', created: true })
  t.match(give(machine, exclusive('q', mine)), { type: 'queue', created: false })
  for (const other of others) t.equal(give(machine, exclusive('q', other)), 'QUEUE_LOCKED')
  t.equal(give(machine, queue('q')), 'QUEUE_LOCKED', 'as if it were not exclusive')
  const [result] = applyAll(machine, [queue('q')])
  t.match(result, {
    error: { code: 'QUEUE_LOCKED', message: /'q' in vhost '\/' is locked: it is excl/ }
  })
  give(machine, queue('shared'))
  t.equal(give(machine, exclusive('shared', mine)), 'QUEUE_LOCKED')
  t.match(applyAll(machine, [exclusive('shared', mine)]), [
    { error: { message: /locked: it is not exclusive/ } }
  ])
})

t.test('it is not durable, whatever is said', async (t) => {
  const machine = createMachine()
  give(machine, exclusive('q', mine, { durable: true }))
  t.match(machine.topology.queue('/', 'q')?.options, { durable: false, exclusive: true })
  t.match(give(machine, exclusive('q', mine, { durable: false })), { created: false })
  t.equal(give(machine, exclusive('q', mine, { autoDelete: true })), 'QUEUE_MISMATCH')
})

t.test('whose it is must be said of exclusive queues, and of no others', async (t) => {
  const machine = createMachine()
  const plain = queue('q')
  t.equal(give(machine, { ...plain, owner: mine } as MetadataCommand), 'REQUEST_INVALID')
  t.equal(
    give(machine, { ...plain, options: { exclusive: true } } as MetadataCommand),
    'REQUEST_INVALID'
  )
  t.equal(machine.topology.counts.queues, 0)
})

t.test('it is bound and unbound by its client alone', async (t) => {
  const machine = createMachine()
  give(machine, exclusive('q', mine))
  const bind = bindQueue('amq.fanout', 'q', '')
  for (const type of ['bind', 'unbind'] as const) {
    t.equal(give(machine, { ...bind, type }), 'QUEUE_LOCKED')
    t.equal(give(machine, { ...bind, type, client: 'you' }), 'QUEUE_LOCKED')
  }
  t.match(give(machine, { ...bind, client: 'me' }), { created: true })
  t.match(give(machine, { ...bind, type: 'unbind', client: 'me' }), { type: 'done' })
  t.equal(machine.topology.counts.bindings, 0)
})

t.test('what belongs to nobody may be used by all', async (t) => {
  const free = { id: 1, group: 1, vhost: '/', name: 'q', owner: null, refusesWhenFull: false }
  for (const client of [undefined, 'me']) t.doesNotThrow(() => checkUse(free, client))
  t.doesNotThrow(() => checkOwner(free, null))
  const owned = { ...free, owner: mine }
  t.doesNotThrow(() => checkUse(owned, 'me'))
  for (const client of [undefined, 'you']) {
    t.throws(() => checkUse(owned, client), { code: 'QUEUE_LOCKED', details: { queue: 'q' } })
  }
})

t.test('owners make the round trip, and are equal in all or not at all', async (t) => {
  t.same(readOwner(ownerRow(mine)), mine)
  t.equal(readOwner(null), null)
  t.ok(isSameOwner(mine, { ...mine }))
  for (const other of others) t.notOk(isSameOwner(mine, other))
  for (const bad of [undefined, 'me', [], [1, 2, 3], ['1', 2, 3, 'me'], [1, 2, 3, 4]]) {
    t.throws(() => readOwner(bad), { name: 'AssertionError' })
  }
})
