// The time of a log as one replica knows it. What it applies in a moment it may hand out in that
// moment, even what has no time to live.
export class LogTime {
  #atMs = Number.NEGATIVE_INFINITY
  #timeMs = 0
  #earlierMs = 0

  /** An entry was applied `nowMs`, after which it is `timeMs` in the log. */
  applied(timeMs: number, nowMs: number): void {
    if (nowMs > this.#atMs) this.#earlierMs = this.#timeMs
    this.#atMs = nowMs
    this.#timeMs = timeMs
  }

  /** What it was before this moment. */
  before(nowMs: number): number {
    return nowMs > this.#atMs ? this.#timeMs : this.#earlierMs
  }
}
