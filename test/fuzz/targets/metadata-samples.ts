// Metadata commands of every kind, in an order in which they are obeyed.
import { encodeMetadataCommand, guest, type MetadataCommand } from '@holdfast/broker'

const addresses = { client: '127.0.0.1:1', peer: '127.0.0.1:2', http: '127.0.0.1:3' }
const clusterId = 'ab'.repeat(16)
const storeId = 'f'.repeat(32)
const toQueue = { type: 'queue', name: 'q' } as const
const binding = {
  vhost: '/',
  source: 'amq.topic',
  destination: toQueue,
  bindingKey: 'a.*.#',
  arguments: { 'x-match': 'all', a: 1 }
}

const commands: readonly MetadataCommand[] = [
  { type: 'initialise', clusterId, storeId, addresses, shards: 4 },
  { type: 'add-node', storeId: 'e'.repeat(32), addresses },
  { type: 'adopt-incarnation', node: 2, storeId: 'd'.repeat(32), addresses },
  { type: 'update-node', node: 1, addresses },
  { type: 'set-node-state', node: 2, state: 'up' },
  { type: 'add-shards', placements: [[2 ** 20 + 1]] },
  { type: 'place-group', group: 1, replicas: [2 ** 20 + 1, 2 ** 21 + 2] },
  { type: 'start-operation', kind: 'remove-node', peer: null, node: 2 },
  { type: 'advance-operation', id: 8, node: 2, step: 's', done: 1, total: 2, sentence: 'x' },
  { type: 'end-operation', id: 8, error: { code: 'INTERNAL', message: 'm' } },
  { type: 'declare-vhost', vhost: 'v' },
  { type: 'declare-exchange', vhost: '/', name: 'e', kind: 'topic', options: { autoDelete: true } },
  { type: 'declare-queue', vhost: '/', name: 'q', options: {}, group: 1 },
  {
    type: 'declare-queue',
    vhost: '/',
    name: 'mine',
    options: { exclusive: true },
    group: 1,
    owner: { replica: 2 ** 20 + 1, process: 1024, connection: 1, client: 'c' }
  },
  { type: 'bind', ...binding },
  { type: 'bind', ...binding, source: 'e', arguments: {} },
  { type: 'unbind', ...binding },
  { type: 'put-user', user: 'u', password: guest.password, tags: ['administrator'] },
  { type: 'set-user-limit', user: 'u', limit: 'max-channels', value: 7 },
  { type: 'set-permission', user: 'u', vhost: '/', configure: '', write: '^a', read: '.*' },
  { type: 'set-topic-permission', user: 'u', vhost: '/', exchange: 'e', write: '', read: '#' },
  { type: 'put-vhost', vhost: 'w', description: 'd', owner: 'u' },
  { type: 'set-vhost-limit', vhost: 'w', limit: 'max-queues', value: null },
  { type: 'clear-topic-permission', user: 'u', vhost: '/', exchange: null },
  { type: 'clear-permission', user: 'u', vhost: '/' },
  { type: 'delete-user', user: 'u' },
  { type: 'acknowledge-outbox', groups: [{ group: 1, upTo: 100_000 }] },
  { type: 'delete-queue', vhost: '/', name: 'q', queue: null },
  { type: 'delete-exchange', vhost: '/', name: 'e', ifUnused: true },
  { type: 'delete-vhost', vhost: 'v' },
  { type: 'forget-node', node: 2 },
  { type: 'activate-version', version: 1 }
]

export const commandSamples: readonly Uint8Array[] = commands.map((each) =>
  encodeMetadataCommand(each)
)
