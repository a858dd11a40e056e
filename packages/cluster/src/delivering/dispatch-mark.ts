// How far the dispatch mark of a queue should be ahead of its deliveries (architecture: deliveries
// are the leader's business), and when it is asked for.
import { limits, times } from '../limits.ts'
import type { Consumer } from './consumer.ts'

export class DispatchMark {
  readonly #blockMin: number
  #asked = 0
  #askedMs = Number.NEGATIVE_INFINITY

  /** `blockMin`: messages that a mark covers at least. */
  constructor(blockMin: number) {
    this.#blockMin = blockMin
  }

  /** The mark a queue should have by now, counted as asked for; null if the one it has will do. */
  wanted(
    mark: number,
    cursor: number,
    consumers: readonly Consumer[],
    nowMs: number
  ): number | null {
    if (consumers.length === 0) return null
    let prefetch = 0
    for (const consumer of consumers) prefetch += consumer.prefetch
    const block = Math.min(limits.markBlockMax, Math.max(this.#blockMin, 2 * prefetch))
    const isAsked = nowMs < this.#askedMs + times.markRetryMs
    const reached = isAsked ? Math.max(mark, this.#asked) : mark
    if (reached - cursor >= block / 2) return null
    this.#asked = cursor + block
    this.#askedMs = nowMs
    return this.#asked
  }
}
