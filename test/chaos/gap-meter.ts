// How long a fault kept confirms away: for each fault the longest time between two confirms of one
// queue that overlaps the time from the fault to the next one (at most `windowNs`). Load is steady
// over all queues, so a time without a confirm is a time in which the queue could not confirm.
import type { HistoryEvent } from './history.ts'
import { OpenPublishes } from './open-publishes.ts'

export interface Gap {
  readonly fault: string
  readonly node: number | null
  readonly group: number | null
  readonly at: number
  /** Longest time without a confirm in any one queue. */
  readonly queueMs: number
  /** Longest time without a confirm in all of them. */
  readonly anyMs: number
}

interface Window {
  readonly fault: string
  readonly node: number | null
  readonly group: number | null
  readonly at: number
  queueNs: number
  anyNs: number
}

const windowNs = 15e9

export class GapMeter {
  readonly #windows: Window[] = []
  readonly #lastOfQueue = new Map<string, number>()
  readonly #open = new OpenPublishes()
  /** Faults that are measured; others only appear in the history. */
  readonly #measured: (fault: string) => boolean
  #lastOfAny = -1

  constructor(measured: (fault: string) => boolean = (fault) => fault.startsWith('kill')) {
    this.#measured = measured
  }

  push(event: HistoryEvent): void {
    const confirmed = this.#open.push(event)
    if (confirmed !== null) this.#confirm(confirmed, event.at)
    if (event.type === 'fault' && this.#measured(event.fault)) {
      const { fault, node, group, at } = event
      this.#windows.push({ fault, node, group, at, queueNs: 0, anyNs: 0 })
    }
  }

  #confirm(queue: string, at: number): void {
    const ofQueue = this.#lastOfQueue.get(queue) ?? at
    const ofAny = this.#lastOfAny < 0 ? at : this.#lastOfAny
    this.#lastOfQueue.set(queue, at)
    this.#lastOfAny = at
    // The time may overlap several faults; those are at the end of the list.
    for (let index = this.#windows.length - 1; index >= 0; index -= 1) {
      const window = this.#windows[index] as Window
      const end = Math.min(window.at + windowNs, this.#windows[index + 1]?.at ?? Infinity)
      if (ofQueue < end) window.queueNs = Math.max(window.queueNs, at - ofQueue)
      if (ofAny < end) window.anyNs = Math.max(window.anyNs, at - ofAny)
      if (window.at <= ofQueue) break
    }
  }

  gaps(): Gap[] {
    return this.#windows.map(({ queueNs, anyNs, ...window }) => ({
      ...window,
      queueMs: queueNs / 1e6,
      anyMs: anyNs / 1e6
    }))
  }
}

/** The `share` quantile (0 … 1) of some numbers; 0 for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}

/** Middle value; the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}
