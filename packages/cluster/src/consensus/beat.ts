// When the leaders of this node send their heartbeats: all at once, so that those to one node
// travel in one frame, and in step with the leaders of other nodes. Heartbeats that leave when
// others arrive travel with the answers, and the processes of an idle cluster wake together.
import { times } from '../limits.ts'

export class Beat {
  #elapsedTicks = 0
  #isHeard = false

  /** Ticks until heartbeats are due, at least 1. */
  get restTicks(): number {
    return Math.max(1, times.heartbeatTicks - this.#elapsedTicks)
  }

  /** So many ticks have passed. Whether heartbeats are due. */
  tick(ticks: number): boolean {
    this.#elapsedTicks += ticks
    return this.#elapsedTicks >= times.heartbeatTicks && this.#begin()
  }

  /** A heartbeat of another node has arrived in this step. */
  heard(): void {
    this.#isHeard = true
  }

  /**
   * Whether to send heartbeats along with the answers to those that arrived. Not twice in half an
   * interval: of two that hear each other, one would otherwise answer the other for ever.
   */
  join(): boolean {
    const isLate = this.#isHeard && this.#elapsedTicks >= times.heartbeatTicks / 2
    this.#isHeard = false
    return isLate && this.#begin()
  }

  #begin(): true {
    this.#elapsedTicks = 0
    return true
  }
}
