// Frames of a client, as a node reads them. What is accepted is written by the SDK's writer and
// read again, and must be the same.
import {
  type ClientFrame,
  ClientFrameWriter,
  decodeClientFrame,
  protocolVersion
} from '@holdfast/protocol'
import { encodeRecord, pack } from '@holdfast/record'
import { isSameValue } from '../same-value.ts'
import { joined, must, refusedOr, type Target } from '../target.ts'
import { texts } from '../tokens.ts'

/** The payload that the SDK would send for a frame. */
function encode(frame: ClientFrame): Uint8Array {
  const writer = new ClientFrameWriter()
  switch (frame.type) {
    case 'hello': {
      const { type, version, ...hello } = frame
      writer.hello(version, hello)
      break
    }
    case 'request':
      writer.request(frame.requestId, frame.name, frame.args)
      break
    case 'publish':
      writer.publish(frame)
      break
    case 'settle':
      writer.settle(frame)
      break
    case 'want-credit':
      writer.wantCredit(frame.bytes)
      break
    case 'heartbeat':
      writer.heartbeat()
      break
    default:
      writer.close()
  }
  return joined(...writer.take()).subarray(4)
}

function run(input: Uint8Array): void {
  const frame = refusedOr(() => decodeClientFrame(input, false))
  if (frame === null) return
  if (frame.type === 'publish' && frame.refusal !== null) {
    must(frame.refusal.row.closes === 'call', 'a refusal that ends the connection is thrown')
    return
  }
  const again = decodeClientFrame(encode(frame), frame.type === 'hello')
  must(isSameValue(frame, again), 'a frame that was accepted is the same when it is sent again')
}

const record = encodeRecord(
  { messageId: 'm', headers: { a: [1, { b: null }] } },
  Buffer.from('body')
)
const producer = new Uint8Array(16).fill(7)
const hello = { producer, epoch: 1, name: 'n', vhost: '/', heartbeatMs: 1000 }
const binding = { queue: 'q', exchange: 'e', bindingKey: 'a.#', arguments: { x: 1 } }

/** One frame of each kind, and of each request. */
export const clientFrames: readonly Uint8Array[] = [
  [1, protocolVersion, hello],
  [2, 1, 'declare-queue', { name: 'q', options: { durable: true } }],
  [2, 2, 'delete-queue', { name: 'q', ifUnused: true, ifEmpty: false }],
  [2, 3, 'purge-queue', { name: 'q' }],
  [2, 4, 'inspect-queue', { name: 'q' }],
  [
    2,
    5,
    'declare-exchange',
    {
      name: 'e',
      kind: 'topic',
      options: { internal: true, autoDelete: true, alternateExchange: 'x' }
    }
  ],
  [2, 6, 'delete-exchange', { name: 'e', ifUnused: true }],
  [2, 7, 'bind-queue', binding],
  [2, 8, 'unbind-queue', binding],
  [2, 9, 'bind-exchange', { destination: 'd', source: 's', bindingKey: '', arguments: {} }],
  [2, 10, 'unbind-exchange', { destination: 'd', source: 's', bindingKey: '', arguments: {} }],
  [2, 11, 'locate-queue', { name: 'q' }],
  [
    2,
    12,
    'consume',
    { queue: 'q', tag: 't', prefetch: 10, autoAck: false, exclusive: true, resume: [1, 3, 0] }
  ],
  [2, 13, 'cancel', { consumer: 1 }],
  [2, 14, 'nodes', {}],
  [3, 'e', 'k', 3, 1, 1, 2, joined(record, record)],
  [3, '', 'q', 0, 3, 1, 1, encodeRecord(null, new Uint8Array(300))],
  [4, 1, 1, 0, [1, 2, 0, 5, 9, 1]],
  [5, 100_000],
  [6],
  [7]
].map((frame) => pack(frame))

export const target: Target = {
  bytesMax: 4096,
  seeds: clientFrames,
  tokens: texts,
  hasMsgpack: true,
  run
}
