// Every refusal of the metadata machine as a table: what is asked, and the code of the answer. A
// refused command leaves no trace, which the hash of a twin proves.
import t from 'tap'
import { checkMetadataCommand } from '../src/command-check.ts'
import {
  type MetadataCommand,
  MetadataMachine,
  machineVersionSupported,
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
    { type: 'set-vhost-limit', vhost: 'used', limit: 'max-queues', value: 1 },
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
  ['an exchange as durable as 1', exchange('y', 'topic', { durable: 1 }), 'OPTION_INVALID'],
  ['another durable', exchange('x', 'direct', { durable: false }), 'EXCHANGE_MISMATCH'],
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
  ['an amq. queue', queue('amq.q'), 'NAME_RESERVED'],
  ['a queue in no vhost', queue('n', 'no'), 'VHOST_NOT_FOUND'],
  ['a queue in no group', queue('n', '/', 5), 'GROUP_NOT_FOUND'],
  ['a queue in the metadata group', queue('n', '/', 0), 'GROUP_NOT_FOUND'],
  [
    'a queue option from the future',
    { ...queue('n'), options: { ttl: 1 } } as MetadataCommand,
    'OPTION_UNKNOWN'
  ],
  [
    'a queue as durable as 1',
    { ...queue('n'), options: { durable: 1 } } as MetadataCommand,
    'OPTION_INVALID'
  ],
  [
    'an option on an existing queue',
    { ...queue('q'), options: { ttl: 1 } } as MetadataCommand,
    'OPTION_UNKNOWN'
  ],
  ['a queue too many', queue('n', 'used'), 'QUEUES_LIMIT_REACHED'],
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

/** Refusals that need no state: given before a command is proposed, too. */
const known: readonly string[] = [
  'NAME_INVALID',
  'OPTION_UNKNOWN',
  'OPTION_INVALID',
  'BINDING_INVALID',
  'EXCHANGE_TYPE_UNKNOWN'
]

for (const [name, command, code] of refusals) {
  const needsState = !known.includes(code) || /amq\. queue|x-match/.test(name)
  t.test(`${name} is ${needsState ? 'not' : ''} refused before it is proposed`, async (t) => {
    const isReserved = code === 'EXCHANGE_RESERVED' && command.type === 'declare-exchange'
    if (isReserved && command.name === '') t.throws(() => checkMetadataCommand(command), { code })
    else if (needsState) t.doesNotThrow(() => checkMetadataCommand(command))
    else t.throws(() => checkMetadataCommand(command), { code })
  })
}

t.test('a version that this build lacks is refused before it is proposed', async (t) => {
  const version = machineVersionSupported + 1
  t.throws(() => checkMetadataCommand({ type: 'activate-version', version }), {
    code: 'VERSION_UNSUPPORTED'
  })
})

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
