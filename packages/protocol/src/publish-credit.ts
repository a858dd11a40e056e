// The publish credit of one connection, on the server's side: bytes of records that the client may
// have unconfirmed. Sizes are kept per batch, not per message: the credit of a batch returns when
// everything in it is confirmed or refused. Credit above the base is borrowed from the pool of the
// node, and goes back there instead of to the client once the client is idle or the node reclaims
// it.
import { assert } from '@holdfast/errors'

interface Batch {
  readonly first: number
  readonly last: number
  readonly bytes: number
  /** Sequences in it without an outcome. */
  remaining: number
}

/** The credit of a connection, for whoever lends it. */
export interface CreditView {
  readonly availableBytes: number
  /** Of publishes that came and have no outcome. */
  readonly inFlightBytes: number
  /** Beyond the base: what this connection takes from the pool of the node. */
  readonly borrowedBytes: number
  /** Borrowed, and nothing is under way. */
  readonly isIdle: boolean
  /** While set, credit that returns goes to the pool of the node until nothing is borrowed. */
  isReclaiming: boolean
}

/** Batches that were answered are taken out of the list in blocks of at least this many. */
const sweepMin = 64

export class PublishCredit implements CreditView {
  readonly #baseBytes: number
  #availableBytes: number
  #inFlightBytes = 0
  /** Ascending by sequence; `#head` is the first that may have something unconfirmed. */
  #batches: Batch[] = []
  #answered = 0
  isReclaiming = false

  constructor(baseBytes: number) {
    this.#baseBytes = baseBytes
    this.#availableBytes = baseBytes
  }

  /** Bytes that the client may still send. */
  get availableBytes(): number {
    return this.#availableBytes
  }

  /** Bytes that came and are not answered. */
  get inFlightBytes(): number {
    return this.#inFlightBytes
  }

  /** Batches with something unanswered. */
  get batches(): number {
    return this.#batches.length - this.#answered
  }

  /** Bytes this connection has from the pool of the node. */
  get borrowedBytes(): number {
    return Math.max(0, this.#availableBytes + this.#inFlightBytes - this.#baseBytes)
  }

  /** False, and nothing is spent, if the credit does not suffice. */
  spend(firstSequence: number, count: number, bytes: number): boolean {
    if (bytes > this.#availableBytes) return false
    this.#availableBytes -= bytes
    this.#inFlightBytes += bytes
    const last = firstSequence + count - 1
    this.#batches.push({ first: firstSequence, last, bytes, remaining: count })
    return true
  }

  /** Borrowed, and nothing is under way: it is lent to nobody's use. */
  get isIdle(): boolean {
    return this.#inFlightBytes === 0 && this.borrowedBytes > 0
  }

  grant(bytes: number): void {
    this.#availableBytes += bytes
  }

  /** Sequences `first` to `last` have an outcome. Returns the bytes that go back to the client. */
  answer(first: number, last: number): number {
    const batches = this.#batches
    let given = 0
    for (let i = this.#find(first); i < batches.length; i++) {
      const batch = batches[i]
      if (batch === undefined || batch.first > last) break
      if (batch.remaining === 0) continue
      batch.remaining -= Math.min(last, batch.last) - Math.max(first, batch.first) + 1
      assert(batch.remaining >= 0, 'a publish is answered once')
      if (batch.remaining === 0) {
        this.#answered += 1
        given += this.#giveBack(batch.bytes)
      }
    }
    this.#sweep()
    return given
  }

  #giveBack(bytes: number): number {
    this.#inFlightBytes -= bytes
    // More than the base comes only by being lent, so that an idle client sits on nothing borrowed.
    const kept = this.#availableBytes + (this.isReclaiming ? this.#inFlightBytes : 0)
    const wanted = this.#baseBytes - kept
    const given = Math.max(0, Math.min(bytes, wanted))
    this.#availableBytes += given
    return given
  }

  /** Index of the first batch that ends at or after `sequence`. */
  #find(sequence: number): number {
    let low = 0
    let high = this.#batches.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#batches[middle]?.last ?? 0) < sequence) low = middle + 1
      else high = middle
    }
    return low
  }

  #sweep(): void {
    if (this.#answered === this.#batches.length) this.#batches = []
    else if (this.#answered < sweepMin || this.#answered * 2 < this.#batches.length) return
    else this.#batches = this.#batches.filter((batch) => batch.remaining > 0)
    this.#answered = 0
  }
}
