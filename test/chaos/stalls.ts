// Times without a confirm, and whether a fault explains them. Load is steady over all queues, so a
// second without a confirm in one of them is a stall; one that overlaps no fault, from the
// beginning of the fault to a while after it was healed, is a defect that no count of losses shows.
// After all was healed, every queue confirms again within a bound.

import { isEnding, isOfMachine } from './fault-names.ts'
import type { HistoryEvent } from './history.ts'
import { OpenPublishes } from './open-publishes.ts'
import type { Violations } from './violations.ts'

export interface Stall {
  readonly queue: string
  readonly at: number
  readonly ms: number
  /** Faults in force, once each; empty: unexplained. */
  readonly faults: readonly string[]
}

interface Span {
  readonly fault: string
  readonly from: number
  /** Infinity while it is not healed. */
  until: number
}

const stallNs = 1e9
/** For so long after it was healed a fault explains a stall: leaders move, replicas catch up. */
const aftermathNs = 3e9
const confirmBoundNs = 10e9
/** What is wrong with the machine is told at once and explains no more than its moment. */
const momentNs = 1e9

export class Stalls {
  readonly #spans: Span[] = []
  readonly #stalls: Stall[] = []
  readonly #open = new OpenPublishes()
  readonly #lastOfQueue = new Map<string, number>()
  /** When all was healed, of each queue that has not confirmed anything since. */
  readonly #healed = new Map<string, number>()
  #longestRecoveryNs = 0
  #late: string[] = []
  #isStrict = false
  readonly #isTimed: boolean

  /** `isTimed`: whether a second counts; not where others share the machine. */
  constructor(isTimed: boolean = true) {
    this.#isTimed = isTimed
  }

  push(event: HistoryEvent): void {
    const confirmed = this.#open.push(event)
    if (confirmed !== null) this.#confirm(confirmed, event.at)
    if (event.type === 'fault') this.#fault(event.fault, event.at)
  }

  #fault(fault: string, at: number): void {
    if (fault === 'healed') {
      // Only a run that says when all is well can be held to explain everything.
      this.#isStrict = true
      for (const span of this.#spans) span.until = Math.min(span.until, at + aftermathNs)
      for (const queue of this.#lastOfQueue.keys()) this.#healed.set(queue, at)
    } else if (!isEnding(fault)) {
      if (isOfMachine(fault)) {
        this.#spans.push({ fault, from: at - momentNs, until: at + momentNs })
        return
      }
      this.#spans.push({ fault, from: at, until: Number.POSITIVE_INFINITY })
      this.#healed.clear()
    }
  }

  #confirm(queue: string, at: number): void {
    const last = this.#lastOfQueue.get(queue)
    this.#lastOfQueue.set(queue, at)
    const healed = this.#healed.get(queue)
    if (healed !== undefined) {
      this.#healed.delete(queue)
      this.#longestRecoveryNs = Math.max(this.#longestRecoveryNs, at - healed)
      if (at - healed > confirmBoundNs) this.#late.push(`${queue}: ${(at - healed) / 1e6} ms`)
    }
    if (last === undefined || at - last < stallNs) return
    const inForce = this.#spans.filter(({ from, until }) => from <= at && until >= last)
    const faults = [...new Set(inForce.map(({ fault }) => fault))].sort()
    this.#stalls.push({ queue, at: last, ms: (at - last) / 1e6, faults })
  }

  get longestRecoveryMs(): number {
    return this.#longestRecoveryNs / 1e6
  }

  /** All stalls; those that nothing explains are violations. */
  finish(violations: Violations): readonly Stall[] {
    if (!this.#isTimed) return this.#stalls
    if (this.#isStrict) {
      for (const { queue, at, ms, faults } of this.#stalls) {
        if (faults.length > 0) continue
        violations.add('unexplained-gap', `${queue}: ${Math.round(ms)} ms from ${at}`)
      }
    }
    for (const sentence of this.#late) violations.add('late-confirm', sentence)
    return this.#stalls
  }
}
