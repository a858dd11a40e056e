// What a client holds of the deliveries of one consumer, and what it has settled that is not
// answered: all that the next leader has to be told.
import type { Outcome } from '@holdfast/broker'
import { DeliveryRangeList, type DeliveryRun } from '@holdfast/protocol'
import { limits } from '../limits.ts'

export interface Settlement {
  readonly outcome: Outcome
  /** Triples. */
  readonly ranges: readonly number[]
  /** Called when it is in the log, or nobody knows when it will be; perhaps more than once. */
  readonly settled: () => void
}

export class Holdings {
  /** Delivered and not settled: attempts by offset. */
  readonly #held = new Map<number, number>()
  /** Not answered, by sequence. */
  #settling = new Map<number, Settlement>()

  /** As much is held as one consumer may hold. */
  get isFull(): boolean {
    return this.#held.size >= limits.prefetchMax
  }

  /** Something was settled, and is not answered. */
  get isSettling(): boolean {
    return this.#settling.size > 0
  }

  /** Nothing is to be claimed, or settled again. */
  get isEmpty(): boolean {
    return this.#held.size === 0 && !this.isSettling
  }

  add({
    firstOffset,
    count,
    attempt
  }: Pick<DeliveryRun, 'firstOffset' | 'count' | 'attempt'>): void {
    for (let i = 0; i < count; i++) this.#held.set(firstOffset + i, attempt)
  }

  remove(ranges: readonly number[]): void {
    for (let i = 0; i + 2 < ranges.length; i += 3) {
      const [first = 0, last = 0] = ranges.slice(i, i + 2)
      for (let offset = first; offset <= last; offset++) this.#held.delete(offset)
    }
  }

  settling(sequence: number, settlement: Settlement): void {
    this.#settling.set(sequence, settlement)
  }

  /** Returns what has ended. */
  settled(sequence: number): Settlement | undefined {
    const settlement = this.#settling.get(sequence)
    this.#settling.delete(sequence)
    settlement?.settled()
    return settlement
  }

  /** Nobody knows when there will be answers: what waits for them goes on. */
  stopWaiting(): void {
    for (const { settled } of this.#settling.values()) settled()
  }

  /** What is not answered, by sequence; it is forgotten, to be told again or never. */
  takeSettling(): ReadonlyMap<number, Settlement> {
    const settling = this.#settling
    this.#settling = new Map()
    return settling
  }

  /** All that is held, and all whose settlement is not known to be in the log. */
  claims(): readonly number[] {
    const claims = new DeliveryRangeList()
    for (const [offset, attempt] of this.#held) claims.add(offset, attempt)
    for (const { ranges } of this.#settling.values()) {
      for (let i = 0; i + 2 < ranges.length; i += 3) {
        claims.addRange(ranges[i] ?? 0, ranges[i + 1] ?? 0, ranges[i + 2] ?? 0)
      }
    }
    return claims.take()
  }

  clear(): void {
    this.#held.clear()
    this.#settling.clear()
  }
}
