// Consecutive publishes to one exchange with one routing key: one frame, one object. Outcomes may
// come for parts of it; what is left can be cut into pieces, for a window that is nearly full or a
// resend.
import type { Properties } from '@holdfast/record'
import type { Platform } from './clock.ts'
import { clientLimits } from './limits.ts'
import type { PublishPromise } from './publish-promise.ts'

/** One publish as the application asked for it. */
export interface Publish {
  readonly exchange: string
  readonly routingKey: string
  readonly isMandatory: boolean
  readonly properties: Properties | null
  readonly body: Uint8Array
}

export class PublishBatch {
  readonly exchange: string
  readonly routingKey: string
  readonly isMandatory: boolean
  /** When its first message was published. */
  readonly enqueuedMs: number
  /** 0 until it is sent for the first time; its messages are numbered consecutively from there. */
  firstSequence = 0
  /** When it was sent for the first time, and by the wall clock. */
  sentMs = 0
  sentWallMs = 0
  /** The records; empty until it is sealed. */
  blob: Uint8Array = new Uint8Array(0)
  /** Where each record ends in the blob. */
  readonly ends: number[] = []
  /** By position; null once the outcome is known. */
  readonly promises: (PublishPromise | null)[] = []
  /** Messages without an outcome. */
  remaining = 0
  /** True while it is on its way on the present link. */
  isInFlight = false

  constructor(exchange: string, routingKey: string, isMandatory: boolean, enqueuedMs: number) {
    this.exchange = exchange
    this.routingKey = routingKey
    this.isMandatory = isMandatory
    this.enqueuedMs = enqueuedMs
  }

  get count(): number {
    return this.ends.length
  }

  get lastSequence(): number {
    return this.firstSequence + this.count - 1
  }

  /** The lowest sequence without an outcome. */
  get lowestUnconfirmed(): number {
    const position = this.promises.findIndex((promise) => promise !== null)
    return this.firstSequence + Math.max(0, position)
  }

  /** Its messages get their numbers: it is sent for the first time. */
  begin(firstSequence: number, platform: Platform): void {
    this.firstSequence = firstSequence
    this.sentMs = platform.nowMs()
    this.sentWallMs = platform.wallMs()
  }

  /**
   * Whether it was first sent so lately that a shard that does not know its producer has none of
   * it. One clock stands still while a machine sleeps, the other is set: the one that says more.
   */
  isFresh(platform: Platform): boolean {
    const { sentMs, sentWallMs } = this
    const ageMs = Math.max(platform.nowMs() - sentMs, platform.wallMs() - sentWallMs)
    return ageMs < clientLimits.producerFreshMs
  }

  add(end: number, promise: PublishPromise): void {
    this.ends.push(end)
    this.promises.push(promise)
    this.remaining += 1
  }

  /** Takes the promise at a position out, if it has no outcome yet. */
  takePromise(position: number): PublishPromise | null {
    const promise = this.promises[position] ?? null
    if (promise === null) return null
    this.promises[position] = null
    this.remaining -= 1
    // Nothing will be sent of it any more, so the records need not be held.
    if (this.remaining === 0) this.blob = new Uint8Array(0)
    return promise
  }

  /**
   * A batch of its messages `from` to `to` (exclusive), with their sequences. It must be sealed.
   */
  part(from: number, to: number): PublishBatch {
    const part = new PublishBatch(this.exchange, this.routingKey, this.isMandatory, this.enqueuedMs)
    const start = from === 0 ? 0 : (this.ends[from - 1] ?? 0)
    for (let i = from; i < to; i++) {
      part.ends.push((this.ends[i] ?? 0) - start)
      const promise = this.promises[i] ?? null
      part.promises.push(promise)
      if (promise !== null) part.remaining += 1
    }
    part.blob = this.blob.subarray(start, this.ends[to - 1])
    part.firstSequence = this.firstSequence === 0 ? 0 : this.firstSequence + from
    part.sentMs = this.sentMs
    part.sentWallMs = this.sentWallMs
    return part
  }

  /** What is left without an outcome, as batches of consecutive sequences. */
  pendingParts(): readonly PublishBatch[] {
    if (this.remaining === this.count) return [this]
    const parts: PublishBatch[] = []
    for (let from = 0; from < this.count; from++) {
      if (this.promises[from] === null) continue
      let to = from + 1
      while (to < this.count && this.promises[to] !== null) to += 1
      parts.push(this.part(from, to))
      from = to
    }
    return parts
  }
}
