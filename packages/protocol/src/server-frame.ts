// The frames of a server: what they hold, how they are read by the SDK and written by a node.
// Confirms and settlements are gathered as ranges and written once, when the frames are taken.
//
//   welcome            := [33, version, {clusterId, node, heartbeatMs, credit, limits, nodes}]
//   response           := [34, requestId, nil | error, result]
//   confirm            := [35, [first, last, …], credit]
//   publish-failed     := [36, first, last, error]
//   deliver            := [37, consumer, exchange, routingKey, firstOffset, count, attempt,
//                          deliveryCount, blob]
//   settled            := [38, [first, last, …]]
//   consumer-cancelled := [39, consumer, error]
//   heartbeat          := [40]
//   closing            := [41, error | nil]
//   nodes              := [42, [{id, client, http}, …]]
//   settle-failed      := [43, settleSequence, error]
import type { WireError } from '@holdfast/errors'
import { recordLimits } from '@holdfast/record'
import { FrameWriter } from './frame-writer.ts'
import { protocolLimits } from './limits.ts'
import { serverOperation } from './operations.ts'
import { RangeList } from './range-list.ts'
import type { NodeAddress } from './results.ts'

/** Messages with consecutive offsets, one attempt and one delivery count, to one consumer. */
export interface DeliveryRun {
  /** The number that answered `consume`. */
  readonly consumer: number
  readonly exchange: string
  readonly routingKey: string
  readonly firstOffset: number
  readonly count: number
  /** 0 on the first delivery; above, the message is redelivered. */
  readonly attempt: number
  /** Deliveries that count towards a limit before this one. */
  readonly deliveryCount: number
  /** `count` records, passed through as a slice. */
  readonly blob: Uint8Array
}

export interface WelcomeFields {
  readonly clusterId: string
  readonly node: number
  readonly heartbeatMs: number
  /** Publish credit in bytes. */
  readonly credit: number
  readonly nodes: readonly NodeAddress[]
}

/** Writes the frames of a server. */
export class ServerFrameWriter {
  readonly #frames = new FrameWriter()
  readonly #confirmed = new RangeList()
  readonly #settled = new RangeList()
  #credit = 0

  get bufferedBytes(): number {
    return this.#frames.bufferedBytes
  }

  welcome(version: number, fields: WelcomeFields): void {
    const limits = {
      messageBytes: recordLimits.bodyBytesMax,
      frameBytes: protocolLimits.frameBytesMax,
      requests: protocolLimits.requestsMax,
      prefetch: protocolLimits.prefetchMax
    }
    this.#frames.begin(serverOperation.welcome, 3)
    this.#frames.integer(version)
    this.#frames.value({ ...fields, limits })
    this.#frames.end()
  }

  response(requestId: number, error: WireError | null, result: unknown): void {
    this.#frames.begin(serverOperation.response, 4)
    this.#frames.integer(requestId)
    this.#frames.value(error)
    this.#frames.value(result ?? null)
    this.#frames.end()
  }

  confirm(first: number, last: number, credit: number): void {
    this.#confirmed.add(first, last)
    this.#credit += credit
  }

  publishFailed(first: number, last: number, error: WireError, credit: number): void {
    this.#credit += credit
    this.#frames.begin(serverOperation.publishFailed, 4)
    this.#frames.integer(first)
    this.#frames.integer(last)
    this.#frames.value(error)
    this.#frames.end()
  }

  credit(bytes: number): void {
    this.#credit += bytes
  }

  deliver(run: DeliveryRun): void {
    this.#frames.begin(serverOperation.deliver, 9)
    this.#frames.integer(run.consumer)
    this.#frames.text(run.exchange)
    this.#frames.text(run.routingKey)
    this.#frames.integer(run.firstOffset)
    this.#frames.integer(run.count)
    this.#frames.integer(run.attempt)
    this.#frames.integer(run.deliveryCount)
    this.#frames.endWithBlob(run.blob)
  }

  settled(settleSequence: number): void {
    this.#settled.add(settleSequence, settleSequence)
  }

  settleFailed(settleSequence: number, error: WireError): void {
    this.#frames.begin(serverOperation.settleFailed, 3)
    this.#frames.integer(settleSequence)
    this.#frames.value(error)
    this.#frames.end()
  }

  cancelled(consumer: number, error: WireError): void {
    this.#writeSettled()
    this.#frames.begin(serverOperation.consumerCancelled, 3)
    this.#frames.integer(consumer)
    this.#frames.value(error)
    this.#frames.end()
  }

  heartbeat(): void {
    this.#frames.begin(serverOperation.heartbeat, 1)
    this.#frames.end()
  }

  nodes(nodes: readonly NodeAddress[]): void {
    this.#frames.begin(serverOperation.nodes, 2)
    this.#frames.value(nodes)
    this.#frames.end()
  }

  /** Nothing may follow it, so what is gathered goes first. */
  closing(error: WireError | null): void {
    this.#writeRanges()
    this.#frames.begin(serverOperation.closing, 2)
    this.#frames.value(error)
    this.#frames.end()
  }

  take(): readonly Uint8Array[] {
    this.#writeRanges()
    return this.#frames.take()
  }

  #writeRanges(): void {
    this.#writeConfirms()
    this.#writeSettled()
  }

  #writeConfirms(): void {
    if (this.#confirmed.isEmpty && this.#credit === 0) return
    const ranges = this.#confirmed.take()
    for (const part of partsOf(ranges)) {
      this.#frames.begin(serverOperation.confirm, 3)
      this.#frames.integers(part)
      this.#frames.integer(this.#credit)
      this.#frames.end()
      this.#credit = 0
    }
  }

  #writeSettled(): void {
    if (this.#settled.isEmpty) return
    for (const part of partsOf(this.#settled.take())) {
      this.#frames.begin(serverOperation.settled, 2)
      this.#frames.integers(part)
      this.#frames.end()
    }
  }
}

/** Ranges cut into frames of at most `rangesMax`; one empty part for none. */
function partsOf(ranges: readonly number[]): readonly (readonly number[])[] {
  const numbersMax = 2 * protocolLimits.rangesMax
  if (ranges.length <= numbersMax) return [ranges]
  const parts: (readonly number[])[] = []
  for (let i = 0; i < ranges.length; i += numbersMax) parts.push(ranges.slice(i, i + numbersMax))
  return parts
}
