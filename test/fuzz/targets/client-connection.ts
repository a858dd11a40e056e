// The SDK's end of a connection, under a script of bytes from a node that may be anything, time,
// and what the application does. Events obey the protocol, and what it sends is what a node reads.
import {
  ClientConnection,
  type ClientEvent,
  decodeClientFrame,
  FrameReader,
  protocolLimits
} from '@holdfast/protocol'
import { encodeRecord } from '@holdfast/record'
import { numberIn, step, stepsOf } from '../script.ts'
import { joined, must, type Target } from '../target.ts'
import { texts } from '../tokens.ts'
import { serverFrames } from './server-frame.ts'

const hello = { producer: new Uint8Array(16), epoch: 1, name: '', vhost: '/', heartbeatMs: 0 }
const record = encodeRecord(null, Buffer.from('x'))

/** What a node would make of the bytes. */
class Reader {
  readonly #frames = new FrameReader(protocolLimits.frameBytesMax)
  #isGreeted = false
  #isClosed = false

  take(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) {
      this.#frames.feed(chunk)
      for (let bytes = this.#frames.next(); bytes !== null; bytes = this.#frames.next()) {
        const { type } = decodeClientFrame(bytes, !this.#isGreeted)
        must(!this.#isClosed, 'nothing follows a good-bye')
        must((type === 'hello') === !this.#isGreeted, 'the hello comes once, and first')
        this.#isGreeted = true
        this.#isClosed = type === 'close'
      }
    }
  }
}

function act(
  client: ClientConnection,
  operation: number,
  payload: Uint8Array,
  last: number
): number {
  if (!client.isOpen) return last
  switch (operation) {
    case 7:
      client.request({ type: 'nodes' })
      return last
    case 8: {
      const names = { exchange: '', routingKey: 'q', mandatory: false, first: false }
      const sequences = { firstSequence: last + 1, lowestUnconfirmed: last + 1, count: 1 }
      client.publish({ ...names, ...sequences, blob: record })
      return last + 1
    }
    case 9:
      client.settle({ consumer: 1, outcome: 'accepted', ranges: [1, 2, 0] })
      return last
    case 10:
      client.wantCredit(numberIn(payload))
      return last
    default:
      if (payload[0] === 1) client.close()
      return last
  }
}

function checkEvents(
  events: readonly ClientEvent[],
  before: { isOpen: boolean; isClosed: boolean }
) {
  for (const { type } of events) {
    must(!before.isClosed, 'nothing follows the end of a connection')
    must(type === 'closed' || (type === 'welcome') === !before.isOpen, 'the welcome comes first')
    if (type === 'welcome') before.isOpen = true
    if (type === 'closed') before.isClosed = true
  }
}

function run(input: Uint8Array): void {
  let nowMs = 0
  let published = 0
  const client = new ClientConnection({ nowMs, hello })
  const reader = new Reader()
  const state = { isOpen: false, isClosed: false }
  for (const { operation, payload } of stepsOf(input)) {
    const kind = operation % 16
    if (kind < 3) {
      checkEvents(client.receive(payload, nowMs), state)
    } else if (kind < 6) {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(payload.length)
      checkEvents(client.receive(joined(length, payload), nowMs), state)
    } else if (kind === 6) {
      nowMs += numberIn(payload)
      checkEvents(client.tick(nowMs), state)
    } else {
      published = act(client, kind, payload, published)
    }
    must(!(client.isOpen && state.isClosed), 'a connection that told its end is closed')
    reader.take(client.flush(nowMs))
  }
}

const greeting = step(3, serverFrames[0])

export const target: Target = {
  bytesMax: 4096,
  seeds: [
    ...serverFrames.slice(1).map((frame) => joined(greeting, step(3, frame))),
    joined(
      greeting,
      step(7),
      step(8),
      step(9),
      step(10, Uint8Array.of(1, 1)),
      step(11, Uint8Array.of(1))
    ),
    joined(greeting, step(6, Uint8Array.of(3, 0)), step(6, Uint8Array.of(9, 0))),
    joined(step(6, Uint8Array.of(255, 0)))
  ],
  tokens: texts,
  hasMsgpack: true,
  run
}
