// What nodes say to each other: raft messages, forwarded publishes, calls, results, casts. What is
// accepted is written and read again, and must be the same.
import type * as peerCodec from '../../../packages/cluster/src/peers/peer-codec.ts'
import { internal } from '../internal.ts'
import { isSameValue } from '../same-value.ts'
import { joined, must, refusedOr, type Target } from '../target.ts'
import { texts } from '../tokens.ts'

const codec = await internal<typeof peerCodec>('cluster', 'peers/peer-codec')

function encode({ wallMs, messages }: peerCodec.PeerFrame): Uint8Array {
  const writer = codec.startFrame(wallMs)
  for (const message of messages) codec.writePeerMessage(writer, message)
  return joined(...writer.take())
}

function run(input: Uint8Array): void {
  const frame = refusedOr(() => codec.readPeerFrame(input))
  if (frame === null) return
  const again = codec.readPeerFrame(encode(frame))
  must(isSameValue(frame, again), 'a frame that was accepted is the same when it is sent again')
}

const configuration = { voters: [2 ** 20 + 1], outgoing: [], learners: [2 ** 21 + 1] }
const id = { index: 5, term: 2 }
const envelope = { from: 2 ** 20 + 1, to: 2 ** 21 + 1, term: 3 }
const snapshot = { id, configuration, manifest: Buffer.from('manifest') }
const entries = [
  { index: 6, term: 2, type: 'command', data: Buffer.from('data') },
  { index: 7, term: 3, type: 'no-op', data: new Uint8Array(0) }
] as const

const raft = [
  { type: 'vote-request', pre: true, transfer: false, last: id, commit: 5 },
  { type: 'vote-response', pre: false, granted: true },
  { type: 'append-request', previous: id, commit: 5, session: 1, entries },
  { type: 'append-response', accepted: true, index: 5, session: 1, hint: id },
  { type: 'heartbeat-request', commit: 1, round: 2 },
  { type: 'heartbeat-response', round: 2 },
  { type: 'snapshot-request', session: 1, snapshot },
  { type: 'timeout-now' },
  { type: 'read-index-request', id: 1 },
  { type: 'read-index-response', id: 1, index: 4 }
].map((message) => ({ type: 'raft', group: 1, message: { ...envelope, ...message } }))

const operation = {
  id: '1',
  kind: 'add-node',
  node: 2,
  state: 'running',
  progress: { done: 1, total: 2, sentence: 's' },
  error: { code: 'INTERNAL', message: 'm' }
}
const wireError = { id: 1, code: 'INTERNAL', message: 'm', details: { a: 1, b: 'x' } }

const calls = [
  { type: 'metadata', command: { type: 'declare-vhost', vhost: 'v' } },
  { type: 'shard', group: 1, command: { type: 'tick' } },
  {
    type: 'reconfigure',
    group: 1,
    from: { voters: [1], learners: [] },
    voters: [1, 2],
    learners: []
  },
  { type: 'transfer', group: 1, to: 2 },
  { type: 'inspect', group: 1, queue: 5 },
  { type: 'admin', request: { type: 'add-node', peer: '127.0.0.1:1' } },
  { type: 'admin', request: { type: 'list-operations' } },
  { type: 'snapshot-open', group: 1, index: 5, term: 1 },
  { type: 'snapshot-blobs', group: 1, index: 5, ids: [1, 2] },
  { type: 'snapshot-retained', group: 1, index: 5, from: 1 },
  { type: 'snapshot-entries', group: 1, index: 5, indexes: [1, 2] },
  { type: 'fetch-entry', group: 1, index: 5 }
].map((call) => ({ type: 'call', id: 1, call }))

const results = [
  { type: 'error', error: wireError },
  { type: 'done' },
  { type: 'reply', reply: { reply: { type: 'done' } } },
  { type: 'reply', reply: { error: wireError } },
  { type: 'reply', reply: { type: 'refused', code: 'INTERNAL', details: {} } },
  {
    type: 'counts',
    counts: { ready: 1, unsettled: 2, consumers: 3, bytes: 4, deadLetters: 5 }
  },
  { type: 'admin', reply: { type: 'operations', operations: [operation] } },
  { type: 'entry', entry: new Uint8Array(5) },
  { type: 'snapshot-opened', blobs: [1, 2] },
  { type: 'snapshot-blobs', blobs: [{ id: 1, bytes: new Uint8Array(3) }] },
  { type: 'snapshot-retained', entries: new Uint8Array(3), next: null },
  { type: 'snapshot-entries', entries: new Uint8Array(3) }
].map((result) => ({ type: 'result', id: 1, result }))

const report = {
  group: 1,
  leader: 2,
  term: 3,
  voters: [1],
  outgoing: [],
  learners: [],
  commit: 5,
  applied: 5,
  caughtUp: [1]
}

const others = [
  { type: 'forward', group: 1, epoch: 2, sections: [{ number: 1, bytes: new Uint8Array(9) }] },
  {
    type: 'forward-result',
    group: 1,
    epoch: 2,
    outcomes: [
      { type: 'accepted', first: 1, last: 2 },
      { type: 'missing', number: 1, queues: [1] },
      { type: 'refused', number: 1, code: 'INTERNAL', details: { reason: 'r' } },
      { type: 'again', from: 1 }
    ]
  },
  { type: 'cast', cast: { type: 'lease-renew', sequence: 1, applied: 2, term: 3 } },
  { type: 'cast', cast: { type: 'lease-grant', sequence: 1, term: 3 } },
  { type: 'cast', cast: { type: 'status', groups: [report] } },
  {
    type: 'cast',
    cast: { type: 'machine-digest', version: 1, group: 1, replica: 4, index: 9, digest: 'f0' }
  },
  { type: 'cast', cast: { type: 'removed' } }
]

const messages = [...raft, ...calls, ...results, ...others] as unknown as peerCodec.PeerMessage[]

export const target: Target = {
  bytesMax: 4096,
  seeds: [
    ...messages.map((message) => encode({ wallMs: 1000, messages: [message] })),
    encode({ wallMs: 1000, messages: messages.slice(0, 4) })
  ],
  tokens: texts,
  hasMsgpack: true,
  run
}
