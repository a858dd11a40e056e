// The node's end of a client connection, under a script of bytes, time, and what the member does.
// Its events obey the protocol, its output is understood by the SDK's end, and it holds no more
// than it may.
import {
  ClientConnection,
  type ConnectionEvent,
  protocolLimits,
  ServerConnection
} from '@holdfast/protocol'
import { encodeRecord, scanRecords } from '@holdfast/record'
import { numberIn, step, stepsOf } from '../script.ts'
import { joined, must, type Target } from '../target.ts'
import { texts } from '../tokens.ts'
import { clientFrames } from './client-frame.ts'

const error = { id: 3002, code: 'UNAVAILABLE', message: 'm', details: { reason: 'r' } }
const hello = { producer: new Uint8Array(16), epoch: 1, name: '', vhost: '/', heartbeatMs: 60_000 }
const heartbeat = Uint8Array.of(0, 0, 0, 2, 0x91, 6)

/** The rules that hold for what a connection tells its member. */
class Rules {
  isGreeted = false
  isClosed = false
  readonly requests: number[] = []
  readonly publishes: { readonly first: number; readonly last: number }[] = []
  #lastPublished = 0
  #lastSettle = 0

  take(events: readonly ConnectionEvent[]): void {
    for (const event of events) {
      must(!this.isClosed, 'nothing follows the end of a connection')
      if (event.type === 'closed') {
        this.isClosed = true
      } else if (event.type === 'hello') {
        must(!this.isGreeted, 'a client introduces itself once')
        this.isGreeted = true
      } else {
        must(this.isGreeted, 'a client introduces itself first')
        this.#takeOpen(event)
      }
    }
  }

  #takeOpen(event: Exclude<ConnectionEvent, { type: 'hello' | 'closed' }>): void {
    switch (event.type) {
      case 'request':
        must(!this.requests.includes(event.requestId), 'a request is answered before its number is')
        this.requests.push(event.requestId)
        must(this.requests.length <= protocolLimits.requestsMax, 'unanswered requests are bounded')
        return
      case 'publish': {
        const { firstSequence, count, blob } = event
        must(firstSequence > this.#lastPublished, 'publish sequences grow')
        this.#lastPublished = firstSequence + count - 1
        scanRecords(blob, count)
        this.publishes.push({ first: firstSequence, last: this.#lastPublished })
        return
      }
      case 'settle':
        must(event.settleSequence > this.#lastSettle, 'settle sequences grow')
        this.#lastSettle = event.settleSequence
        return
      case 'want-credit':
        must(event.bytes <= protocolLimits.frameBytesMax, 'a wish for credit is bounded')
    }
  }
}

/** What the member does next, by number. */
function act(server: ServerConnection, rules: Rules, operation: number, payload: Uint8Array): void {
  switch (operation) {
    case 7:
      if (rules.isGreeted) server.welcome({ clusterId: 'c', node: 1, nodes: [] })
      return
    case 8: {
      const requestId = rules.requests.splice(numberIn(payload) % 4, 1)[0]
      if (requestId !== undefined && server.isOpen) server.respond(requestId, null)
      return
    }
    case 9: {
      const requestId = rules.requests.shift()
      if (requestId !== undefined && server.isOpen) server.refuse(requestId, error)
      return
    }
    case 10:
    case 11: {
      if (!server.isOpen) return
      const publish = rules.publishes.shift()
      if (publish === undefined) return
      if (operation === 10) server.confirm(publish.first, publish.last)
      else server.publishFailed(publish.first, publish.last, error)
      return
    }
    case 12:
      server.grant(numberIn(payload))
      return
    case 13:
      server.settled(numberIn(payload))
      server.settleFailed(numberIn(payload), error)
      return
    case 14:
      server.cancelled(numberIn(payload), error)
      server.nodes([])
      return
    default:
      if (payload[0] === 1) server.close(error)
  }
}

function run(input: Uint8Array): void {
  let nowMs = 0
  const server = new ServerConnection({ nowMs })
  const client = new ClientConnection({ nowMs, hello, handshakeTimeoutMs: 2 ** 30 })
  const rules = new Rules()
  const check = (): void => {
    for (const chunk of server.flush(nowMs)) {
      const events = client.receive(chunk, nowMs)
      for (const event of events) {
        const code = 'error' in event ? event.error?.code : null
        must(code !== 'INTERNAL', 'whatever a client sends has a code of its own')
        // What the SDK cannot read ends its end; what the node refuses ends the node's as well.
        must(event.type !== 'closed' || server.isClosed, 'the SDK understands what a node sends')
      }
    }
  }
  for (const { operation, payload } of stepsOf(input)) {
    const kind = operation % 16
    if (kind < 3) {
      rules.take(server.receive(payload, nowMs))
    } else if (kind < 6) {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(payload.length)
      rules.take(server.receive(joined(length, payload), nowMs))
    } else if (kind === 6) {
      nowMs += numberIn(payload)
      client.receive(heartbeat.subarray(0, 0), nowMs)
      rules.take(server.tick(nowMs))
    } else {
      act(server, rules, kind, payload)
    }
    must(!rules.isClosed || server.isClosed, 'a connection that told its end is closed')
    must(server.credit.availableBytes >= 0, 'credit is never overdrawn')
    if (kind > 5) check()
  }
  check()
}

const greeting = [step(3, clientFrames[0]), step(7)]
const publish = clientFrames[15] ?? new Uint8Array(0)

export const target: Target = {
  bytesMax: 4096,
  seeds: [
    ...clientFrames.slice(1).map((frame) => joined(...greeting, step(3, frame), step(8), step(10))),
    joined(
      ...greeting,
      step(3, publish),
      step(11),
      step(12, Uint8Array.of(1, 0)),
      step(13),
      step(14)
    ),
    joined(step(3, clientFrames[0]), step(3, publish), step(6, Uint8Array.of(4, 0)), step(7)),
    joined(step(6, Uint8Array.of(255, 255))),
    joined(...greeting, step(6, Uint8Array.of(30, 0)), step(15, Uint8Array.of(1))),
    joined(...greeting, step(3, encodeRecord(null, new Uint8Array(9))))
  ],
  tokens: texts,
  hasMsgpack: true,
  run
}
