// Every Raft message comes back as it went; cut anywhere or with any bit turned, it is another
// message or a coded error, nothing else.
import { AssertionError, HoldfastError } from '@holdfast/errors'
import { type Entry, encodeConfiguration, type Message } from '@holdfast/raft'
import t from 'tap'
import { ByteReader } from '../../src/peers/byte-reader.ts'
import { ByteWriter, join } from '../../src/peers/byte-writer.ts'
import { readRaftMessage, writeRaftMessage } from '../../src/peers/raft-codec.ts'

const envelope = { from: 2 ** 20 + 1, to: 3 * 2 ** 20 + 7, term: 2 ** 40 }
const id = { index: 2 ** 33, term: 7 }
const configuration = { voters: [1, 2, 3], outgoing: [2], learners: [4] }
const entries: Entry[] = [
  { index: 2 ** 33 + 1, term: 7, type: 'no-op', data: new Uint8Array() },
  { index: 2 ** 33 + 2, term: 7, type: 'command', data: new Uint8Array(3000).fill(9) },
  { index: 2 ** 33 + 3, term: 8, type: 'configuration', data: encodeConfiguration(configuration) }
]
const snapshot = { id, configuration, manifest: new Uint8Array([5, 6, 7]) }

const messages: readonly Message[] = [
  { type: 'vote-request', ...envelope, pre: true, transfer: false, last: id, commit: 0 },
  { type: 'vote-request', ...envelope, pre: false, transfer: true, last: id, commit: 0 },
  { type: 'vote-response', ...envelope, pre: true, granted: true },
  { type: 'append-request', ...envelope, session: 4, previous: id, commit: 5, entries },
  {
    type: 'append-request',
    ...envelope,
    session: 4,
    previous: id,
    commit: 5,
    entries,
    digest: { after: 2, high: 2 ** 32 - 1, low: 7 }
  },
  { type: 'append-response', ...envelope, session: 4, accepted: false, index: 3, hint: id },
  { type: 'heartbeat-request', ...envelope, commit: 6, round: 9 },
  { type: 'heartbeat-response', ...envelope, round: 9 },
  { type: 'snapshot-request', ...envelope, session: 4, snapshot },
  { type: 'timeout-now', ...envelope },
  { type: 'read-index-request', ...envelope, id: 8 },
  { type: 'read-index-response', ...envelope, id: 8, index: null },
  { type: 'read-index-response', ...envelope, id: 8, index: 12 }
]

function encode(message: Message): Uint8Array {
  const writer = new ByteWriter()
  writeRaftMessage(writer, message)
  return join(writer.take())
}

t.test('each message comes back as it went', async (t) => {
  for (const message of messages) {
    const reader = new ByteReader(encode(message))
    t.same(readRaftMessage(reader), message, message.type)
    t.ok(reader.isAtEnd)
  }
})

t.test('a message that was cut is refused with a code, wherever it was cut', async (t) => {
  for (const message of messages) {
    const bytes = encode(message)
    for (let length = 0; length < bytes.length; length += length < 200 ? 1 : 97) {
      const reader = new ByteReader(bytes.subarray(0, length))
      t.throws(
        () => readRaftMessage(reader),
        { code: 'FRAME_INVALID' },
        `${message.type} ${length}`
      )
    }
  }
})

t.test('a turned bit makes another message or a coded error', async (t) => {
  let errors = 0
  for (const message of messages) {
    const bytes = encode(message)
    for (let bit = 0; bit < Math.min(bytes.length, 300) * 8; bit += 1) {
      const turned = bytes.slice()
      turned[bit >>> 3] = (turned[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
      try {
        readRaftMessage(new ByteReader(turned))
      } catch (error) {
        errors += 1
        if (!(error instanceof HoldfastError)) {
          t.fail(
            `${message.type} bit ${bit}: ${error instanceof AssertionError ? error.message : error}`
          )
        }
      }
    }
  }
  t.ok(errors > 100)
})
