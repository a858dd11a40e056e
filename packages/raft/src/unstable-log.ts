// What of the log has been handed out to be written, and what is durable. A write is reported back
// by its number only, so a truncation in between must not make a dead entry durable (the ABA race):
// every truncation lowers what the outstanding writes will count for.
import { assert } from '@holdfast/errors'

interface Write {
  readonly number: number
  readonly term: number
  /** Tick at which it was handed out; null if it holds nothing. */
  readonly tick: number | null
  /** Highest index that is durable and alive once this write is. */
  lastIndex: number
}

/** What a ready has to write. */
export interface Taken {
  readonly number: number
  readonly truncateFrom: number | null
  /** First entry to write; the log's last index is the end. */
  readonly firstIndex: number
}

export class UnstableLog {
  #lastNumber = 0
  #persistedNumber = 0
  #handedOutIndex: number
  #truncateFrom: number | null = null
  /** Handed out and not durable yet, oldest first. */
  readonly #writes: Write[] = []
  #durableIndex: number
  #durableTerm: number

  constructor(durableIndex: number, durableTerm: number) {
    this.#handedOutIndex = durableIndex
    this.#durableIndex = durableIndex
    this.#durableTerm = durableTerm
  }

  /** Highest index up to which the log is on this replica's disk. */
  get durableIndex(): number {
    return this.#durableIndex
  }

  /** Term (with the vote cast in it when the term began) that is on this replica's disk. */
  get durableTerm(): number {
    return this.#durableTerm
  }

  /** Entries above it have not been handed out. */
  get handedOutIndex(): number {
    return this.#handedOutIndex
  }

  get hasTruncation(): boolean {
    return this.#truncateFrom !== null
  }

  /** Tick at which the oldest outstanding write was handed out. */
  get oldestTick(): number | null {
    return this.#writes.find((write) => write.tick !== null)?.tick ?? null
  }

  /** Hands out everything up to `lastIndex`. */
  take(lastIndex: number, term: number, tick: number | null): Taken {
    const taken = {
      number: ++this.#lastNumber,
      truncateFrom: this.#truncateFrom,
      firstIndex: this.#handedOutIndex + 1
    }
    this.#writes.push({ number: taken.number, term, tick, lastIndex })
    this.#handedOutIndex = lastIndex
    this.#truncateFrom = null
    return taken
  }

  /** Entries from `index` on are void. */
  truncated(index: number): void {
    for (const write of this.#writes) write.lastIndex = Math.min(write.lastIndex, index - 1)
    this.#durableIndex = Math.min(this.#durableIndex, index - 1)
    if (index > this.#handedOutIndex) return
    this.#handedOutIndex = index - 1
    this.#truncateFrom = Math.min(this.#truncateFrom ?? index, index)
  }

  /** The store replaced the whole log by a snapshot at `index`. */
  reset(index: number): void {
    for (const write of this.#writes) write.lastIndex = 0
    this.#durableIndex = index
    this.#handedOutIndex = index
    this.#truncateFrom = null
  }

  /** The write of this number, and all before it, are durable. */
  persisted(number: number): void {
    assert(number <= this.#lastNumber, 'only what was handed out is reported as persisted')
    if (number <= this.#persistedNumber) return
    this.#persistedNumber = number
    let done = 0
    for (const write of this.#writes) {
      if (write.number > number) break
      this.#durableIndex = Math.max(this.#durableIndex, write.lastIndex)
      this.#durableTerm = write.term
      done++
    }
    this.#writes.splice(0, done)
  }
}
