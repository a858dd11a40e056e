// Frames of a node, as the SDK reads them. What is accepted is written by the node's writer and
// read again, and must be the same.
import { decodeServerFrame, ServerFrameWriter } from '@holdfast/protocol'
import { encodeRecord, pack } from '@holdfast/record'
import { isSameValue } from '../same-value.ts'
import { joined, must, refusedOr, type Target } from '../target.ts'
import { texts } from '../tokens.ts'

type Event = ReturnType<typeof decodeServerFrame>

/** Writes an event; false for those that a node gathers or writes in another order. */
function write(writer: ServerFrameWriter, event: Event): boolean {
  switch (event.type) {
    case 'welcome': {
      const { type, version, ...fields } = event
      writer.welcome(version, fields)
      return true
    }
    case 'response':
      writer.response(event.requestId, event.error, event.result)
      return true
    case 'publish-failed':
      writer.publishFailed(event.first, event.last, event.error, 0)
      return true
    case 'deliver':
      writer.deliver(event.run)
      return true
    case 'consumer-cancelled':
      writer.cancelled(event.consumer, event.error)
      return true
    case 'settle-failed':
      writer.settleFailed(event.settleSequence, event.error)
      return true
    case 'nodes':
      writer.nodes(event.nodes)
      return true
    case 'closed':
      writer.closing(event.error)
      return true
    case 'heartbeat':
      writer.heartbeat()
      return true
    default:
      return false
  }
}

function run(input: Uint8Array): void {
  const event = refusedOr(() => decodeServerFrame(input))
  if (event === null) return
  const writer = new ServerFrameWriter()
  if (!write(writer, event)) return
  const again = decodeServerFrame(joined(...writer.take()).subarray(4))
  must(isSameValue(event, again), 'a frame that was accepted is the same when it is sent again')
}

const error = { id: 2101, code: 'QUEUE_NOT_FOUND', message: 'm', details: { queue: 'q', n: 1 } }
const node = { id: 1, client: '127.0.0.1:1', http: '127.0.0.1:2' }
const welcome = { clusterId: 'c', node: 1, heartbeatMs: 2000, credit: 1000, nodes: [node] }
const record = encodeRecord({ type: 't' }, Buffer.from('body'))

export const serverFrames: readonly Uint8Array[] = [
  [33, 1, welcome],
  [34, 1, null, { name: 'q' }],
  [34, 2, error, null],
  [35, [1, 5, 7, 9], 100],
  [36, 1, 2, error],
  [37, 1, 'e', 'k', 5, 2, 1, 1, joined(record, record)],
  [38, [1, 4]],
  [39, 1, error],
  [40],
  [41, null],
  [41, error],
  [42, [node, node]],
  [43, 5, error]
].map((frame) => pack(frame))

export const target: Target = {
  bytesMax: 4096,
  seeds: serverFrames,
  tokens: texts,
  hasMsgpack: true,
  run
}
