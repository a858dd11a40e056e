// Time as a member knows it: only from ticks. `nowMs` is monotonic and measures waits; the wall
// clock is only ever used for log time, as the median of what the nodes' clocks say (architecture:
// time comes from the log).
import { assert } from '@holdfast/errors'

export class Clock {
  nowMs = 0
  #wallOffsetMs = 0
  /** Wall clock minus this node's monotonic clock, by node, as last heard. */
  readonly #offsetsMs = new Map<number, number>()

  advance(nowMs: number, wallMs: number): void {
    assert(nowMs >= this.nowMs, 'the monotonic clock does not go back')
    this.nowMs = nowMs
    this.#wallOffsetMs = wallMs - nowMs
  }

  get wallMs(): number {
    return Math.floor(this.nowMs + this.#wallOffsetMs)
  }

  /** A frame of `node` said that its wall clock was `wallMs` just now. */
  heard(node: number, wallMs: number): void {
    this.#offsetsMs.set(node, wallMs - this.nowMs)
  }

  forget(node: number): void {
    this.#offsetsMs.delete(node)
  }

  /** Median of the wall clocks of `nodes` as far as they are known; `self` counts with its own. */
  medianWallMs(nodes: readonly number[], self: number): number {
    const offsets: number[] = []
    for (const node of nodes) {
      const offset = node === self ? this.#wallOffsetMs : this.#offsetsMs.get(node)
      if (offset !== undefined) offsets.push(offset)
    }
    if (offsets.length === 0) return this.wallMs
    offsets.sort((a, b) => a - b)
    const median = offsets[Math.floor((offsets.length - 1) / 2)] ?? this.#wallOffsetMs
    return Math.floor(this.nowMs + median)
  }
}
