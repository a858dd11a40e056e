// Commands about the cluster itself: birth, nodes, incarnations, shards, placement, operations.
import t from 'tap'
import { type MetadataCommand, MetadataMachine, metadataLimits, replicaId } from '../src/index.ts'
import { addresses, createMachine, give, initialise, queue } from './metadata-fixture.ts'

const otherAddresses = { client: '127.0.0.1:11', peer: '127.0.0.1:12', http: '127.0.0.1:13' }
const place = (group: number, ...replicas: number[]): MetadataCommand => ({
  type: 'place-group',
  group,
  replicas
})

t.test('a cluster is born with one node, its shards placed on it, and vhost /', async (t) => {
  const machine = new MetadataMachine()
  t.equal(machine.clusterId, null)
  const reply = give(machine, initialise)
  t.same(reply, { type: 'node', node: 1, incarnation: 1, replica: 2 ** 20 + 1 })
  t.same(give(machine, initialise), reply, 'again: the same answer')
  t.equal(machine.clusterId, '0123456789abcdef0123456789abcdef')
  t.same(machine.placement.shards, [1, 2, 3, 4])
  t.same(machine.placement.get(0), { group: 0, replicas: [2 ** 20 + 1] })
  t.same(machine.topology.vhostNames(), ['/'])
  t.equal(machine.membership.node(1)?.state, 'up')
})

t.test('nodes get growing ids that are never given again', async (t) => {
  const machine = createMachine()
  const at = (peer: string): typeof addresses => ({ ...addresses, peer })
  const add = (storeId: string): MetadataCommand => ({
    type: 'add-node',
    storeId,
    addresses: at(storeId)
  })
  t.match(give(machine, add('b')), { node: 2, incarnation: 1 })
  t.match(give(machine, add('b')), { node: 2 }, 'the same data directory is the same node')
  t.same(give(machine, { type: 'forget-node', node: 2 }), { type: 'done' })
  t.same(give(machine, { type: 'forget-node', node: 2 }), { type: 'done' }, 'twice is no error')
  t.ok(machine.membership.isRemoved(2))
  t.notOk(machine.membership.isRemoved(3))
  t.match(give(machine, add('c')), { node: 3 })
  t.equal(give(machine, { type: 'forget-node', node: 1 }), 'UNAVAILABLE')
  for (let group = 0; group <= 4; group++) give(machine, place(group, replicaId(3, 1)))
  t.same(give(machine, { type: 'forget-node', node: 1 }), { type: 'done' })
  t.equal(give(machine, { type: 'forget-node', node: 3 }), 'UNAVAILABLE')
})

t.test('the last node is not forgotten', async (t) => {
  const machine = createMachine()
  t.throws(() => machine.membership.forget(1), { code: 'LAST_NODE' })
})

t.test('a blank directory becomes the next incarnation of its node', async (t) => {
  const machine = createMachine()
  const adopt: MetadataCommand = { type: 'adopt-incarnation', node: 1, storeId: 'fresh', addresses }
  t.match(give(machine, adopt), { node: 1, incarnation: 2, replica: replicaId(1, 2) })
  t.match(give(machine, adopt), { node: 1, incarnation: 2 }, 'again: the same')
  t.equal(machine.membership.node(1)?.state, 'joining')
  t.same(give(machine, place(1, replicaId(1, 2), replicaId(1, 1))), { type: 'done' })
  t.same(machine.placement.get(1)?.replicas, [replicaId(1, 1), replicaId(1, 2)])
  t.same(give(machine, { type: 'set-node-state', node: 1, state: 'up' }), { type: 'done' })
  t.same(give(machine, { type: 'update-node', node: 1, addresses: otherAddresses }), {
    type: 'done'
  })
  t.same(machine.membership.node(1)?.addresses, otherAddresses)
})

t.test('shards are added behind the last', async (t) => {
  const machine = createMachine()
  const one = [replicaId(1, 1)]
  t.same(give(machine, { type: 'add-shards', placements: [one, one] }), {
    type: 'shards',
    first: 5,
    last: 6
  })
  t.match(give(machine, queue('q', '/', 6)), { type: 'queue', group: 6 })
  const placements = new Array(1019).fill(one)
  t.equal(give(machine, { type: 'add-shards', placements }), 'LIMIT_REACHED')
})

t.test('an operation runs, reports and ends, and is not started twice', async (t) => {
  const machine = createMachine()
  const start: MetadataCommand = {
    type: 'start-operation',
    kind: 'add-node',
    peer: 'p',
    node: null
  }
  const reply = give(machine, start)
  const id = machine.appliedIndex * 4096
  t.same(reply, { type: 'operation', id })
  t.same(give(machine, start), reply)
  const progress = { node: 7, step: 'learn', done: 2, total: 5, sentence: 'two of five' }
  const advance: MetadataCommand = { type: 'advance-operation', id, ...progress }
  t.same(give(machine, advance), reply)
  t.match(machine.operations.get(id), { ...progress, state: 'running', endedMs: null })
  give(machine, { ...advance, node: null, done: 3 } as MetadataCommand)
  t.match(machine.operations.get(id), { node: 7, done: 3 })
  const error = { code: 'NODE_UNREACHABLE', message: 'gone' }
  t.same(give(machine, { type: 'end-operation', id, error }), reply)
  t.same(give(machine, { type: 'end-operation', id, error: null }), reply, 'ended once')
  t.match(machine.operations.get(id), { state: 'failed', error })
  t.equal(give(machine, advance), 'REQUEST_INVALID')
  t.same(machine.operations.running, [])
  t.match(give(machine, start), { id: machine.appliedIndex * 4096 }, 'a new one may start')
})

t.test('removals side by side never take all nodes between them', async (t) => {
  const machine = createMachine()
  const remove = (node: number): MetadataCommand => {
    return { type: 'start-operation', kind: 'remove-node', peer: null, node }
  }
  t.equal(give(machine, remove(1)), 'LAST_NODE')
  give(machine, { type: 'add-node', storeId: 'two', addresses: otherAddresses })
  t.match(give(machine, remove(1)), { type: 'operation' })
  t.equal(give(machine, remove(2)), 'LAST_NODE', 'node 1 is as good as gone')
  const [removal] = machine.operations.running
  t.match(give(machine, remove(1)), { id: removal?.id }, 'again: the one that runs')
})

t.test('only so many operations run, and only so many ended ones are remembered', async (t) => {
  const machine = createMachine({
    ...metadataLimits,
    operationsRunningMax: 2,
    operationsEndedMax: 3
  })
  const start = (peer: string): MetadataCommand => ({
    type: 'start-operation',
    kind: 'add-node',
    peer,
    node: null
  })
  give(machine, start('a'))
  give(machine, start('b'))
  t.equal(give(machine, start('c')), 'LIMIT_REACHED')
  for (const { id } of machine.operations.running)
    give(machine, { type: 'end-operation', id, error: null })
  for (const peer of ['c', 'd', 'e']) {
    give(machine, start(peer))
    for (const { id } of machine.operations.running)
      give(machine, { type: 'end-operation', id, error: null })
  }
  t.same(
    machine.operations.operations.map(({ peer }) => peer),
    ['c', 'd', 'e']
  )
})
