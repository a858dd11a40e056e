// The machine as a whole: the outbox of the shards, bounds, effects, time, and what halts a
// replica. What it refuses is in refusals.test.ts; the commands have files of their own.
import { pack } from '@holdfast/record'
import t from 'tap'
import { encodeMetadataBatch, type MetadataCommand, metadataLimits } from '../src/index.ts'
import { applyAll, bindQueue, createMachine, exchange, give, queue } from './metadata-fixture.ts'

const otherAddresses = { client: '127.0.0.1:11', peer: '127.0.0.1:12', http: '127.0.0.1:13' }
const deleteQueue = (name: string, id: number | null = null): MetadataCommand => ({
  type: 'delete-queue',
  vhost: '/',
  name,
  queue: id
})

t.test('queue changes wait in the outbox of their shard until acknowledged', async (t) => {
  const machine = createMachine()
  applyAll(machine, [queue('a'), queue('b', '/', 2), queue('c'), deleteQueue('a')])
  const base = machine.appliedIndex * 4096
  t.same(machine.outbox.groups, [1, 2])
  t.same(machine.outbox.entries(1), [
    { cursor: base, change: { type: 'create-queue', queue: base, vhost: '/', name: 'a' } },
    { cursor: base + 2, change: { type: 'create-queue', queue: base + 2, vhost: '/', name: 'c' } },
    { cursor: base + 3, change: { type: 'delete-queue', queue: base } }
  ])
  const acknowledge = (group: number, upTo: number): MetadataCommand => ({
    type: 'acknowledge-outbox',
    groups: [{ group, upTo }]
  })
  give(machine, acknowledge(1, base + 2))
  t.same(
    machine.outbox.entries(1).map(({ cursor }) => cursor),
    [base + 3]
  )
  give(machine, acknowledge(1, base + 2))
  give(machine, acknowledge(2, base + 4096))
  give(machine, acknowledge(3, 1))
  t.same(machine.outbox.groups, [1])
  give(machine, acknowledge(1, base + 3))
  t.same(machine.outbox.groups, [])
})

t.test('the last cursor lies between what was applied and what follows', async (t) => {
  const machine = createMachine()
  applyAll(machine, [queue('a'), queue('b')])
  const ids = [...machine.topology.queues()].map(({ id }) => id)
  t.equal(ids.length, 2)
  t.ok(machine.lastCursor >= Math.max(...ids))
  const { lastCursor } = machine
  give(machine, queue('c'))
  t.ok((machine.topology.queue('/', 'c')?.id ?? 0) > lastCursor)
  t.ok(machine.lastCursor > lastCursor)
})

t.test('bounds are kept exactly', async (t) => {
  const limits = {
    vhostsMax: 2,
    exchangesMax: 1,
    queuesMax: 2,
    bindingsMax: 1,
    nodesMax: 1,
    outboxMax: 3
  }
  const machine = createMachine({ ...metadataLimits, ...limits })
  t.type(give(machine, { type: 'declare-vhost', vhost: 'b' }), 'object')
  t.equal(give(machine, { type: 'declare-vhost', vhost: 'c' }), 'LIMIT_REACHED')
  t.type(give(machine, exchange('x')), 'object')
  t.equal(give(machine, exchange('y')), 'LIMIT_REACHED')
  t.type(give(machine, queue('a')), 'object')
  t.type(give(machine, queue('b')), 'object')
  t.equal(give(machine, queue('c')), 'LIMIT_REACHED')
  t.type(give(machine, bindQueue('x', 'a', 'k')), 'object')
  t.type(give(machine, bindQueue('x', 'a', 'k')), 'object', 'the same again needs no room')
  t.equal(give(machine, bindQueue('x', 'b', 'k')), 'LIMIT_REACHED')
  t.equal(
    give(machine, { type: 'add-node', storeId: 'b', addresses: otherAddresses }),
    'LIMIT_REACHED'
  )
  t.type(give(machine, deleteQueue('a')), 'object')
  t.equal(give(machine, deleteQueue('b')), 'LIMIT_REACHED', 'the outbox is full')
  t.ok(machine.topology.queue('/', 'b'), 'and the queue is still there')
})

t.test('effects say once a batch where to look', async (t) => {
  const machine = createMachine()
  const commands = [queue('a'), queue('b'), deleteQueue('a'), bindQueue('amq.topic', 'b', '#')]
  const index = machine.appliedIndex + 1
  const data = encodeMetadataBatch({ version: 1, timeMs: 5, commands })
  const { effects, results } = machine.apply({ index, term: 1 }, data)
  t.same(effects, [
    { type: 'queue-created', queue: index * 4096, group: 1, vhost: '/', name: 'a' },
    { type: 'outbox-grew', group: 1 },
    { type: 'queue-created', queue: index * 4096 + 1, group: 1, vhost: '/', name: 'b' },
    { type: 'queue-deleted', queue: index * 4096, group: 1, vhost: '/', name: 'a' },
    { type: 'topology-changed', revision: index }
  ])
  t.equal(results.length, 4)
  t.equal(machine.topology.revision, index)
  applyAll(machine, [queue('b'), deleteQueue('zz')])
  t.equal(machine.topology.revision, index, 'nothing has changed since')
})

t.test('log time never moves back', async (t) => {
  const machine = createMachine()
  applyAll(machine, [], 1000.9)
  t.equal(machine.timeMs, 1000)
  applyAll(machine, [], 400)
  t.equal(machine.timeMs, 1000)
})

t.test('versions are activated once and never lowered', async (t) => {
  const machine = createMachine()
  t.same(give(machine, { type: 'activate-version', version: 1 }), { type: 'done' })
  t.equal(machine.version, 1)
  t.throws(() => give(machine, { type: 'activate-version', version: 2 }), {
    name: 'AssertionError'
  })
})

t.test('a command that cannot be read is refused alone', async (t) => {
  const machine = createMachine()
  const good = pack({ type: 'declare-vhost', vhost: 'v' })
  const bad = [pack({ type: 'declare-vhost' }), pack(7), new Uint8Array([0xc1]), new Uint8Array()]
  const data = pack([1, 0, [...bad, good]])
  const { results } = machine.apply({ index: machine.appliedIndex + 1, term: 1 }, data)
  const codes = results.map((result) => ('error' in result ? result.error.code : result.reply.type))
  t.same(codes, [
    'REQUEST_INVALID',
    'REQUEST_INVALID',
    'FRAME_INVALID',
    'FRAME_INVALID',
    'declared'
  ])
})

t.test('what another version might obey halts the replica', async (t) => {
  const machine = createMachine()
  const meta = { index: machine.appliedIndex + 1, term: 1 }
  const unknown = pack([1, 0, [pack({ type: 'teleport-queue' })]])
  t.throws(() => machine.apply(meta, unknown), { code: 'OPERATION_UNKNOWN' })
  t.throws(() => machine.apply(meta, pack([2, 0, []])), { code: 'VERSION_UNSUPPORTED' })
  t.throws(() => machine.apply(meta, pack([1, 0])), { code: 'FRAME_INVALID' })
  t.throws(() => machine.apply({ index: 1, term: 1 }, pack([1, 0, []])), { name: 'AssertionError' })
})
