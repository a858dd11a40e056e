// The settlements of one consumer from `ack` to their commit. Those of one turn leave as ranges,
// one frame per outcome; those without an answer are sent again after a re-attachment.
import { HoldfastError } from '@holdfast/errors'
import { DeliveryRangeList, type Outcome, outcomes } from '@holdfast/protocol'
import { clientLimits } from './limits.ts'
import type { Link } from './link.ts'

interface Settlement {
  readonly outcome: Outcome
  /** `[first, last, attempt, …]` */
  readonly ranges: readonly number[]
}

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: HoldfastError) => void
}

export class Settlements {
  readonly #failed: (error: HoldfastError) => void
  readonly #pending: { readonly [Name in Outcome]: DeliveryRangeList } = {
    accepted: new DeliveryRangeList(),
    released: new DeliveryRangeList(),
    rejected: new DeliveryRangeList()
  }
  /** Sent on the present attachment, or waiting for the next one; in order. */
  #open = new Set<Settlement>()
  #unsent: Settlement[] = []
  #waiters: Waiter[] = []
  /** Why some of them never got an answer. */
  #lost: HoldfastError | null = null

  /**
   * `failed` hears of settlements that came too late, or seem so: those that were committed, but
   * whose answer was lost with a link, are refused when they are sent again.
   */
  constructor(failed: (error: HoldfastError) => void) {
    this.#failed = failed
  }

  get isIdle(): boolean {
    return this.#open.size === 0 && this.#unsent.length === 0 && !this.#hasPending()
  }

  add(outcome: Outcome, offset: number, attempt: number): void {
    this.#pending[outcome].add(offset, attempt)
  }

  /** Sends what there is, earlier ones first. */
  flush(link: Link, consumer: number): void {
    this.#gather()
    for (const settlement of this.#unsent.splice(0)) {
      this.#open.add(settlement)
      link.settle(consumer, settlement.outcome, settlement.ranges, (error) => {
        if (!this.#open.delete(settlement)) return
        if (error !== null) this.#failed(error)
        this.#wake()
      })
    }
  }

  /** The attachment is gone: whatever had no answer is to be sent again. */
  detach(): void {
    this.#unsent = [...this.#open, ...this.#unsent]
    this.#open = new Set()
  }

  /**
   * Deliveries that the broker must still count as held, so that these settlements find them: at
   * most `room`, the latest, as the earlier ones are likelier to be committed.
   */
  addTo(held: DeliveryRangeList, room: number): void {
    this.#gather()
    let left = room
    for (const { ranges } of [...this.#open, ...this.#unsent].reverse()) {
      for (let i = ranges.length - 3; i >= 0 && left > 0; i -= 3) {
        const last = ranges[i + 1] ?? 0
        const first = Math.max(ranges[i] ?? 0, last - left + 1)
        held.addRange(first, last, ranges[i + 2] ?? 0)
        left -= last - first + 1
      }
    }
  }

  /**
   * Resolves when everything settled so far has its answer.
   * @throws what ended the consumer before that
   */
  idle(): Promise<void> {
    if (this.#lost !== null) return Promise.reject(this.#lost)
    if (this.isIdle) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }))
  }

  /** The consumer ended, by an error or not: nothing can be settled any more. */
  abandon(error: HoldfastError | null): void {
    if (this.isIdle) return
    const reason = 'whether all that was settled is committed is not known'
    const lost = error ?? new HoldfastError('CONNECTION_CLOSED', { reason })
    this.#lost = lost
    for (const outcome of outcomes) this.#pending[outcome].take()
    this.#open.clear()
    this.#unsent = []
    for (const { reject } of this.#waiters.splice(0)) reject(lost)
  }

  #hasPending(): boolean {
    return outcomes.some((outcome) => !this.#pending[outcome].isEmpty)
  }

  #gather(): void {
    const numbersMax = 3 * clientLimits.settleRangesMax
    for (const outcome of outcomes) {
      if (this.#pending[outcome].isEmpty) continue
      const ranges = this.#pending[outcome].take()
      for (let i = 0; i < ranges.length; i += numbersMax) {
        this.#unsent.push({ outcome, ranges: ranges.slice(i, i + numbersMax) })
      }
    }
  }

  #wake(): void {
    if (!this.isIdle) return
    for (const { resolve } of this.#waiters.splice(0)) resolve()
  }
}
