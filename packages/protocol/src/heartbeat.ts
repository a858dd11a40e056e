// Both ends send something at least twice in a heartbeat interval, and give the other up when
// nothing was heard for two. Time in which this process itself did not run is not held against the
// other side: its bytes may lie unread in the socket.

/** Ticks further apart than this part of the interval mean that this process was held up. */
const tickPartMax = 0.5

export class Heartbeat {
  intervalMs: number
  /** Silence, in intervals, after which the other side is given up. */
  readonly #silenceIntervalsMax: number
  #tickedMs: number
  #sentMs: number
  #silentMs = 0

  constructor(intervalMs: number, nowMs: number, silenceIntervalsMax = 2) {
    this.intervalMs = intervalMs
    this.#silenceIntervalsMax = silenceIntervalsMax
    this.#tickedMs = nowMs
    this.#sentMs = nowMs
  }

  heard(nowMs: number): void {
    this.#silentMs = 0
    this.#tickedMs = Math.max(this.#tickedMs, nowMs)
  }

  sent(nowMs: number): void {
    this.#sentMs = nowMs
  }

  /** How long the other side was silent if that is too long, else 0. To be asked at every tick. */
  silentMs(nowMs: number): number {
    const elapsedMs = Math.max(0, nowMs - this.#tickedMs)
    this.#tickedMs = nowMs
    this.#silentMs += Math.min(elapsedMs, this.intervalMs * tickPartMax)
    return this.#silentMs >= this.intervalMs * this.#silenceIntervalsMax ? this.#silentMs : 0
  }

  /** True when half an interval passed since something was sent; counts as sent then. */
  isDue(nowMs: number): boolean {
    if (nowMs - this.#sentMs < this.intervalMs / 2) return false
    this.#sentMs = nowMs
    return true
  }
}
