// The batches of a publisher, oldest first. Those in front are numbered and sent on the present
// link up to a cursor; answered ones in the middle are swept out now and then, so that one publish
// that stays without an outcome does not keep all behind it.
import type { PublishBatch } from './publish-batch.ts'

/** Answered batches are swept out in blocks of at least this many. */
const sweepMin = 256

export class BatchList {
  #batches: PublishBatch[] = []
  #cursor = 0
  /** No batch before this one has anything without an outcome. */
  #head = 0
  /** Batches in the list in which everything has an outcome. */
  #answered = 0

  get batches(): readonly PublishBatch[] {
    return this.#batches
  }

  /** The next batch to send, or null. */
  get next(): PublishBatch | null {
    while (this.#batches[this.#cursor]?.remaining === 0) this.#cursor += 1
    return this.#batches[this.#cursor] ?? null
  }

  /** The oldest batch with something without an outcome, or null. */
  get oldest(): PublishBatch | null {
    while (this.#batches[this.#head]?.remaining === 0) this.#head += 1
    return this.#batches[this.#head] ?? null
  }

  add(batch: PublishBatch): void {
    this.#batches.push(batch)
  }

  /** `next` was sent. */
  advance(): void {
    this.#cursor += 1
  }

  /** Cuts `next` in two, of which the first has `count` messages and is `next` then. */
  split(batch: PublishBatch, count: number): PublishBatch {
    const first = batch.part(0, count)
    this.#batches.splice(this.#cursor, 1, first, batch.part(count, batch.count))
    return first
  }

  /** Nothing counts as sent any more: what has no outcome is to be sent from the front. */
  rewind(): void {
    const pending = this.#batches.filter((batch) => batch.remaining > 0)
    this.#batches = pending.flatMap((batch) => batch.pendingParts())
    for (const batch of this.#batches) batch.isInFlight = false
    this.#cursor = 0
    this.#head = 0
    this.#answered = 0
  }

  /** Index of the first batch that ends at or after `sequence`, or is not numbered yet. */
  find(sequence: number): number {
    let low = 0
    let high = this.#batches.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const batch = this.#batches[middle]
      const isBefore =
        batch !== undefined && batch.firstSequence > 0 && batch.lastSequence < sequence
      if (isBefore) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Everything in one more batch has an outcome. */
  noteAnswered(): void {
    this.#answered += 1
  }

  sweep(): void {
    const isLarge = this.#answered >= sweepMin && this.#answered * 2 >= this.#batches.length
    if (!isLarge && this.#answered < this.#batches.length) return
    let sent = 0
    for (let i = 0; i < this.#cursor; i++) {
      if ((this.#batches[i]?.remaining ?? 0) > 0) sent += 1
    }
    this.#batches = this.#batches.filter((batch) => batch.remaining > 0)
    this.#cursor = sent
    this.#head = 0
    this.#answered = 0
  }
}
