// The machine as a whole: what is refused and with which code, what commands of the cluster answer, the
// outbox of the shards, effects, time, and what halts a replica. Topology has its own file.
import { pack } from '@holdfast/record'
import t from 'tap'
import {
  encodeMetadataBatch,
  type MetadataCommand,
  MetadataMachine,
  metadataLimits,
  replicaId
} from '../src/index.ts'
import {
  addresses,
  applyAll,
  bindExchange,
  bindQueue,
  createMachine,
  exchange,
  give,
  initialise,
  queue,
  unbind
} from './metadata-fixture.ts'

const long = 'ü'.repeat(128)
const otherAddresses = { client: '127.0.0.1:11', peer: '127.0.0.1:12', http: '127.0.0.1:13' }
const deleteQueue = (name: string, id: number | null = null): MetadataCommand => ({
  type: 'delete-queue',
  vhost: '/',
  name,
  queue: id
})
const deleteExchange = (name: string, ifUnused = false): MetadataCommand => ({
  type: 'delete-exchange',
  vhost: '/',
  name,
  ifUnused
})
const place = (group: number, ...replicas: number[]): MetadataCommand => ({
  type: 'place-group',
  group,
  replicas
})
const nest = (depth: number): never | { n: unknown } =>
  depth === 0 ? { n: 1 } : { n: nest(depth - 1) }

/** A cluster with some of everything. */
function createWorld(): MetadataMachine {
  const machine = createMachine()
  const node = { storeId: 'store-2', addresses: otherAddresses }
  applyAll(machine, [
    queue('q'),
    exchange('x'),
    exchange('inner', 'fanout', { internal: true }),
    exchange('h', 'headers', { alternateExchange: 'x' }),
    bindQueue('x', 'q', 'k'),
    { type: 'declare-vhost', vhost: 'used' },
    queue('q', 'used'),
    { type: 'declare-vhost', vhost: 'furnished' },
    { ...exchange('x'), vhost: 'furnished' } as MetadataCommand,
    { type: 'add-node', ...node },
    { type: 'add-node', ...node, storeId: 'store-3', addresses: { ...otherAddresses, peer: 'p3' } },
    { type: 'forget-node', node: 3 },
    place(2, replicaId(1, 1), replicaId(2, 1)),
    { type: 'start-operation', kind: 'remove-node', peer: null, node: 2 }
  ])
  return machine
}

const refusals: readonly (readonly [string, MetadataCommand, string])[] = [
  ['a vhost without a name', { type: 'declare-vhost', vhost: '' }, 'NAME_INVALID'],
  ['a vhost with 256 bytes', { type: 'declare-vhost', vhost: long }, 'NAME_INVALID'],
  ['an unknown vhost', { type: 'delete-vhost', vhost: 'no' }, 'VHOST_NOT_FOUND'],
  ['a vhost with a queue', { type: 'delete-vhost', vhost: 'used' }, 'VHOST_IN_USE'],
  ['a vhost with an exchange', { type: 'delete-vhost', vhost: 'furnished' }, 'VHOST_IN_USE'],
  ['the default exchange', exchange(''), 'EXCHANGE_RESERVED'],
  ['a new amq. exchange', exchange('amq.mine'), 'EXCHANGE_RESERVED'],
  ['an exchange with 256 bytes', exchange(long), 'NAME_INVALID'],
  ['an unknown kind', exchange('y', 'x-random'), 'EXCHANGE_TYPE_UNKNOWN'],
  ['an option from the future', exchange('y', 'topic', { delayed: 1 }), 'OPTION_UNKNOWN'],
  ['a transient exchange', exchange('y', 'topic', { durable: false }), 'OPTION_INVALID'],
  ['a flag that is none', exchange('y', 'topic', { internal: 1 }), 'OPTION_INVALID'],
  [
    'an alternate that is no name',
    exchange('y', 'topic', { alternateExchange: 7 }),
    'OPTION_INVALID'
  ],
  ['an alternate too long', exchange('y', 'topic', { alternateExchange: long }), 'OPTION_INVALID'],
  ['another kind', exchange('x', 'topic'), 'EXCHANGE_MISMATCH'],
  ['another kind of amq.topic', exchange('amq.topic', 'direct'), 'EXCHANGE_MISMATCH'],
  ['another autoDelete', exchange('x', 'direct', { autoDelete: true }), 'EXCHANGE_MISMATCH'],
  ['another internal', exchange('inner', 'fanout'), 'EXCHANGE_MISMATCH'],
  ['another alternate', exchange('h', 'headers'), 'EXCHANGE_MISMATCH'],
  ['deleting the default exchange', deleteExchange(''), 'EXCHANGE_RESERVED'],
  ['deleting amq.topic', deleteExchange('amq.topic'), 'EXCHANGE_RESERVED'],
  ['deleting no exchange', deleteExchange('no'), 'EXCHANGE_NOT_FOUND'],
  ['deleting a used exchange', deleteExchange('x', true), 'EXCHANGE_IN_USE'],
  ['a queue without a name', queue(''), 'NAME_INVALID'],
  ['a queue with 256 bytes', queue(long), 'NAME_INVALID'],
  ['an amq. queue', queue('amq.q'), 'NAME_INVALID'],
  ['a queue in no vhost', queue('n', 'no'), 'VHOST_NOT_FOUND'],
  ['a queue in no group', queue('n', '/', 5), 'GROUP_NOT_FOUND'],
  ['a queue in the metadata group', queue('n', '/', 0), 'GROUP_NOT_FOUND'],
  [
    'a queue option from the future',
    { ...queue('n'), options: { ttl: 1 } } as MetadataCommand,
    'OPTION_UNKNOWN'
  ],
  [
    'a transient queue',
    { ...queue('n'), options: { durable: false } } as MetadataCommand,
    'OPTION_INVALID'
  ],
  [
    'an option on an existing queue',
    { ...queue('q'), options: { ttl: 1 } } as MetadataCommand,
    'OPTION_UNKNOWN'
  ],
  ['deleting no queue', deleteQueue('no'), 'QUEUE_NOT_FOUND'],
  ['deleting an earlier queue of the name', deleteQueue('q', 1), 'QUEUE_NOT_FOUND'],
  ['binding from the default exchange', bindQueue('', 'q', 'k'), 'EXCHANGE_RESERVED'],
  ['binding to the default exchange', bindExchange('x', '', 'k'), 'EXCHANGE_RESERVED'],
  ['unbinding the default exchange', unbind(bindQueue('', 'q', 'q')), 'EXCHANGE_RESERVED'],
  ['binding from no exchange', bindQueue('no', 'q', 'k'), 'EXCHANGE_NOT_FOUND'],
  ['binding to no exchange', bindExchange('x', 'no', 'k'), 'EXCHANGE_NOT_FOUND'],
  ['binding to no queue', bindQueue('x', 'no', 'k'), 'QUEUE_NOT_FOUND'],
  ['unbinding no queue', unbind(bindQueue('x', 'no', 'k')), 'QUEUE_NOT_FOUND'],
  ['a binding key too long', bindQueue('x', 'q', long), 'BINDING_INVALID'],
  ['an x-match that is none', bindQueue('h', 'q', '', { 'x-match': 'some' }), 'BINDING_INVALID'],
  ['an x-match of null', bindQueue('h', 'q', '', { 'x-match': null }), 'BINDING_INVALID'],
  ['arguments too large', bindQueue('h', 'q', '', { a: 'x'.repeat(9000) }), 'BINDING_INVALID'],
  ['arguments too deep', bindQueue('h', 'q', '', nest(9) as never), 'BINDING_INVALID'],
  [
    'another cluster',
    { ...initialise, clusterId: 'other' } as MetadataCommand,
    'BOOTSTRAP_REFUSED'
  ],
  ['a taken address', { type: 'add-node', storeId: 'new', addresses }, 'NODE_ALREADY_MEMBER'],
  [
    'adopting nobody',
    { type: 'adopt-incarnation', node: 9, storeId: 'n', addresses },
    'NODE_NOT_FOUND'
  ],
  [
    'adopting a removed node',
    { type: 'adopt-incarnation', node: 3, storeId: 'n', addresses },
    'NODE_REMOVED'
  ],
  ['a taken address on update', { type: 'update-node', node: 2, addresses }, 'NODE_ALREADY_MEMBER'],
  ['a state for nobody', { type: 'set-node-state', node: 9, state: 'up' }, 'NODE_NOT_FOUND'],
  ['forgetting a placed node', { type: 'forget-node', node: 2 }, 'UNAVAILABLE'],
  ['forgetting nobody', { type: 'forget-node', node: 9 }, 'NODE_NOT_FOUND'],
  ['no shards at all', { type: 'add-shards', placements: [] }, 'REQUEST_INVALID'],
  ['a shard without replicas', { type: 'add-shards', placements: [[]] }, 'REQUEST_INVALID'],
  ['placing no group', place(9, replicaId(1, 1)), 'GROUP_NOT_FOUND'],
  ['placing on nobody', place(1, replicaId(9, 1)), 'NODE_NOT_FOUND'],
  ['placing on a removed node', place(1, replicaId(3, 1)), 'NODE_REMOVED'],
  ['placing on a later incarnation', place(1, replicaId(1, 2)), 'REQUEST_INVALID'],
  ['placing on incarnation 0', place(1, replicaId(1, 0)), 'REQUEST_INVALID'],
  ['placing a replica twice', place(1, replicaId(1, 1), replicaId(1, 1)), 'REQUEST_INVALID'],
  [
    'adding without an address',
    { type: 'start-operation', kind: 'add-node', peer: null, node: null },
    'REQUEST_INVALID'
  ],
  [
    'removing without a node',
    { type: 'start-operation', kind: 'remove-node', peer: null, node: null },
    'REQUEST_INVALID'
  ],
  [
    'removing nobody',
    { type: 'start-operation', kind: 'remove-node', peer: null, node: 9 },
    'NODE_NOT_FOUND'
  ],
  [
    'advancing nothing',
    { type: 'advance-operation', id: 1, node: null, step: '', done: 0, total: 0, sentence: '' },
    'OPERATION_NOT_FOUND'
  ],
  ['ending nothing', { type: 'end-operation', id: 1, error: null }, 'OPERATION_NOT_FOUND'],
  [
    'acknowledging for no shard',
    { type: 'acknowledge-outbox', groups: [{ group: 7, upTo: 1 }] },
    'GROUP_NOT_FOUND'
  ]
]

for (const [name, command, code] of refusals) {
  t.test(`${name} is refused with ${code} and changes nothing`, async (t) => {
    const machine = createWorld()
    const twin = createWorld()
    t.equal(machine.hash(), twin.hash())
    t.equal(give(machine, command), code)
    applyAll(twin, [])
    t.equal(machine.hash(), twin.hash())
  })
}

t.test('nothing is possible before the cluster is initialised', async (t) => {
  for (const [, command] of refusals) {
    if (command.type === 'initialise') continue
    t.equal(give(new MetadataMachine(), command), 'UNAVAILABLE')
  }
  t.equal(
    give(new MetadataMachine(), { ...initialise, shards: 0 } as MetadataCommand),
    'REQUEST_INVALID'
  )
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
