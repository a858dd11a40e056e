// AMQP 0-9-1 §4.2.7: something is sent at least twice in the interval that was agreed on, and the
// client is given up when nothing was heard for two. Time in which this process did not run, or did
// not read, is not held against the client: its bytes may lie unread in the socket.

/** Ticks further apart than this part of the interval mean that this process was held up. */
const tickPartMax = 0.5
const silenceIntervalsMax = 2

export class Heartbeat {
  /** 0: there are no heartbeats. */
  readonly #intervalMs: number
  #tickedMs: number
  #sentMs: number
  #silentMs = 0

  constructor(intervalMs: number, nowMs: number) {
    this.#intervalMs = intervalMs
    this.#tickedMs = nowMs
    this.#sentMs = nowMs
  }

  /** Any frame counts, and so does that nothing is read. */
  heard(): void {
    this.#silentMs = 0
  }

  sent(nowMs: number): void {
    this.#sentMs = nowMs
  }

  /** Whether the client was silent for too long. To be asked at every tick. */
  isSilent(nowMs: number): boolean {
    if (this.#intervalMs === 0) return false
    const elapsedMs = Math.max(0, nowMs - this.#tickedMs)
    this.#tickedMs = nowMs
    this.#silentMs += Math.min(elapsedMs, this.#intervalMs * tickPartMax)
    return this.#silentMs >= this.#intervalMs * silenceIntervalsMax
  }

  /** Whether half an interval has passed since something was sent. */
  isDue(nowMs: number): boolean {
    return this.#intervalMs > 0 && nowMs - this.#sentMs >= this.#intervalMs / 2
  }
}
