// Frames of peers: what is written is read back; what is cut, flipped or lies is a coded error and
// never anything else, since the member reads frames inside its step.
import { HoldfastError } from '@holdfast/errors'
import { type Configuration, encodeConfiguration, type Message } from '@holdfast/raft'
import { pack } from '@holdfast/record'
import { Random } from '@holdfast/testkit'
import t from 'tap'
import { ByteWriter, join } from '../../src/peers/byte-writer.ts'
import {
  type PeerMessage,
  readPeerFrame,
  startFrame,
  writePeerMessage
} from '../../src/peers/peer-codec.ts'

const configuration: Configuration = { voters: [1, 2, 3], outgoing: [], learners: [4] }
const envelope = { from: 2, to: 1, term: 7 }
const bytes = Uint8Array.of(1, 2, 3)

const raft: readonly Message[] = [
  {
    type: 'vote-request',
    ...envelope,
    pre: true,
    transfer: false,
    last: { index: 4, term: 2 },
    commit: 0
  },
  { type: 'vote-response', ...envelope, pre: false, granted: true },
  {
    type: 'append-request',
    ...envelope,
    previous: { index: 4, term: 2 },
    commit: 3,
    session: 1,
    entries: [
      { index: 5, term: 2, type: 'command', data: bytes },
      { index: 6, term: 7, type: 'configuration', data: encodeConfiguration(configuration) },
      { index: 7, term: 7, type: 'no-op', data: new Uint8Array(0) }
    ]
  },
  {
    type: 'append-response',
    ...envelope,
    accepted: true,
    index: 9,
    session: 1,
    hint: { index: 0, term: 0 }
  },
  { type: 'heartbeat-request', ...envelope, commit: 3, round: 2 },
  { type: 'heartbeat-response', ...envelope, round: 2 },
  {
    type: 'snapshot-request',
    ...envelope,
    session: 1,
    snapshot: { id: { index: 9, term: 3 }, configuration, manifest: bytes }
  },
  { type: 'timeout-now', ...envelope },
  { type: 'read-index-request', ...envelope, id: 5 },
  { type: 'read-index-response', ...envelope, id: 5, index: null }
]

const error = { id: 3002, code: 'UNAVAILABLE', message: 'no', details: { reason: 'no' } }
const consumer = { session: 'ab', tag: 't' }

const messages: readonly PeerMessage[] = [
  ...raft.map((message) => ({ type: 'raft', group: 3, message }) as const),
  { type: 'forward', group: 2, epoch: 5, sections: [{ number: 1, bytes }] },
  {
    type: 'forward-result',
    group: 2,
    epoch: 5,
    outcomes: [
      { type: 'accepted', first: 1, last: 4 },
      { type: 'missing', number: 5, queues: [1] },
      { type: 'refused', number: 6, code: 'QUEUE_NOT_FOUND', details: { queue: 'q' } },
      { type: 'again', from: 7 }
    ]
  },
  {
    type: 'call',
    id: 1,
    call: { type: 'metadata', command: { type: 'declare-vhost', vhost: 'v' } }
  },
  {
    type: 'call',
    id: 2,
    call: {
      type: 'shard',
      group: 1,
      command: { type: 'detach-consumer', queue: 4096, consumer, release: [1, 2, 0] }
    }
  },
  {
    type: 'call',
    id: 3,
    call: {
      type: 'reconfigure',
      group: 1,
      from: { voters: [1], learners: [2] },
      voters: [1, 2],
      learners: []
    }
  },
  { type: 'call', id: 4, call: { type: 'admin', request: { type: 'list-operations' } } },
  { type: 'call', id: 5, call: { type: 'snapshot-blobs', group: 1, index: 4, ids: [1, 2] } },
  { type: 'result', id: 1, result: { type: 'error', error } },
  { type: 'result', id: 2, result: { type: 'reply', reply: { reply: { type: 'done' } } } },
  { type: 'result', id: 3, result: { type: 'reply', reply: { type: 'settled', stale: [1, 2] } } },
  { type: 'result', id: 4, result: { type: 'snapshot-retained', entries: bytes, next: null } },
  { type: 'result', id: 4, result: { type: 'snapshot-entries', entries: bytes } },
  { type: 'cast', cast: { type: 'lease-renew', sequence: 1, applied: 2, term: 3 } },
  {
    type: 'cast',
    cast: {
      type: 'status',
      groups: [
        {
          group: 1,
          leader: null,
          term: 1,
          voters: [1],
          outgoing: [],
          learners: [],
          commit: 4,
          applied: 4,
          caughtUp: [1],
          lacking: [7],
          regressed: [2]
        }
      ]
    }
  },
  {
    type: 'cast',
    cast: { type: 'machine-digest', version: 1, group: 2, replica: 3, index: 9, digest: 'f0' }
  },
  { type: 'cast', cast: { type: 'removed' } }
]

function frameOf(list: readonly PeerMessage[]): Uint8Array {
  const writer = startFrame(1_000)
  for (const message of list) writePeerMessage(writer, message)
  return join(writer.take())
}

/** 'read', or the code; anything that is no coded error fails the test by being thrown. */
function outcome(frame: Uint8Array): string {
  try {
    readPeerFrame(frame)
    return 'read'
  } catch (thrown) {
    if (thrown instanceof HoldfastError) return thrown.code
    throw thrown
  }
}

/** A frame with one message of `kind` whose msgpack part is `value`. */
function frameAround(kind: number, value: unknown): Uint8Array {
  const writer = startFrame(1_000)
  writer.u8(kind)
  if (kind === 4 || kind === 5) writer.number(1)
  if (kind === 3) {
    writer.u32(1)
    writer.number(1)
  }
  writer.bytes(pack(value))
  return join(writer.take())
}

t.test('what is written is read back', async (t) => {
  const frame = readPeerFrame(frameOf(messages))
  t.equal(frame.wallMs, 1_000)
  t.same(frame.messages, messages)
})

t.test('a frame that is cut is refused, wherever it is cut', async (t) => {
  for (const message of messages) {
    const frame = frameOf([message])
    // Cut behind the time, it is a frame without messages.
    for (let length = 0; length < frame.length; length++) {
      const code = outcome(frame.subarray(0, length))
      if (code !== 'FRAME_INVALID' && length !== 9)
        t.fail(`${message.type} cut at ${length}: ${code}`)
    }
  }
})

t.test('bits that flip give another frame or a coded error', async (t) => {
  const random = new Random(11)
  const codes = new Set<string>()
  for (let round = 0; round < 30_000; round++) {
    const frame = frameOf([random.pick(messages)]).slice()
    for (let flips = random.integer(1, 3); flips > 0; flips--) {
      const at = random.integer(0, frame.length - 1)
      frame[at] = (frame[at] ?? 0) ^ (1 << random.integer(0, 7))
    }
    codes.add(outcome(frame))
  }
  t.same([...codes].sort(), ['FRAME_INVALID', 'VERSION_UNSUPPORTED', 'read'])
})

t.test('a part that has not the shape of its type is refused', async (t) => {
  const from = { voters: [1], learners: [] }
  const reconfigure = { type: 'reconfigure', group: 1, from, voters: [1], learners: [] }
  const members = { voters: [1], outgoing: [], learners: [], caughtUp: null }
  const report = { group: 1, leader: null, term: 1, commit: 4, applied: 4, ...members }
  const wrong: readonly (readonly [number, unknown])[] = [
    [6, null],
    [6, 7],
    [6, { type: 'unheard-of' }],
    [6, { type: 'machine-digest', version: 1, group: 1, replica: 4, index: 9, digest: 7 }],
    [6, { type: 'status' }],
    [6, { type: 'status', groups: [null] }],
    [6, { type: 'status', groups: [], isDraining: 1 }],
    [6, { type: 'status', groups: [{ group: 1 }] }],
    [6, { type: 'status', groups: [{ ...report, lacking: [-1] }] }],
    [6, { type: 'status', groups: [{ ...report, regressed: 2 }] }],
    [6, { type: 'lease-grant', sequence: 'x', term: 1 }],
    [6, { type: 'toString' }],
    [5, { type: 'error', error: { code: 1 } }],
    [5, { type: 'reply', reply: null }],
    [5, { type: 'reply', reply: { error: {} } }],
    [5, { type: 'counts', counts: { ready: -1 } }],
    [5, { type: 'snapshot-opened', blobs: 'x' }],
    [5, { type: 'snapshot-retained', entries: bytes, next: 'x' }],
    [5, { type: 'snapshot-entries', entries: [] }],
    [4, { type: 'shard', group: 1, command: {} }],
    [4, { type: 'shard', group: 1, command: { type: 'settle', ranges: null } }],
    [4, { type: 'shard', group: 1, command: { type: 'topology', upTo: 1, changes: [1] } }],
    [4, { type: 'metadata', command: [] }],
    [4, { type: 'reconfigure', group: 1, voters: [1], learners: [] }],
    [4, { ...reconfigure, voters: [-1] }],
    [4, { ...reconfigure, from: { voters: [1], learners: [-1] } }],
    [4, { type: 'admin', request: { type: 'list-queues', limit: 0, cursor: null } }],
    [4, { type: '__proto__' }],
    [3, { type: 'accepted' }],
    [3, [{ type: 'accepted', first: 1 }]],
    [3, [{ type: 'missing', number: 1, queues: [null] }]]
  ]
  for (const [kind, value] of wrong) {
    t.equal(outcome(frameAround(kind, value)), 'FRAME_INVALID', JSON.stringify(value))
  }
})

t.test('entries of an append that do not ascend are refused', async (t) => {
  const append = raft[2]
  if (append?.type !== 'append-request') throw new Error('the third message is an append')
  const [first, second, third] = append.entries
  if (first === undefined || second === undefined || third === undefined) throw new Error('entries')
  const broken = [
    [first, third],
    [second],
    [first, { ...second, term: 1 }],
    [{ ...first, term: 8 }]
  ]
  for (const entries of broken) {
    const message = { ...append, entries }
    t.equal(outcome(frameOf([{ type: 'raft', group: 1, message }])), 'FRAME_INVALID')
  }
})

t.test('a configuration that is none is refused', async (t) => {
  const append = raft[2]
  if (append?.type !== 'append-request') throw new Error('the third message is an append')
  for (const data of [new Uint8Array(0), bytes, Uint8Array.of(1, 0, 9)]) {
    const entry = { index: 5, term: 2, type: 'configuration' as const, data }
    const message = { ...append, entries: [entry] }
    t.equal(outcome(frameOf([{ type: 'raft', group: 1, message }])), 'FRAME_INVALID')
  }
})

t.test('random bytes are refused', async (t) => {
  const random = new Random(12)
  for (let round = 0; round < 20_000; round++) {
    const writer = new ByteWriter()
    writer.u8(1)
    writer.number(1)
    const head = join(writer.take())
    const tail = random.bytes(random.integer(1, 60))
    tail[0] = random.integer(0, 8)
    outcome(Uint8Array.from([...head, ...tail]))
  }
  t.pass('nothing but coded errors')
})
