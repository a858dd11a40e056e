// What all consumers of one client have been given at this node, and have not taken. Those that
// find too much sleep, each at its own queue, and are woken in that order once half of it is taken.
import { limits } from '../limits.ts'

export interface Waiter {
  /** There is room again. */
  wake(): void
}

export class RelayedClient {
  readonly session: string
  consumers = 0
  #untakenBytes = 0
  #waiting = new Set<Waiter>()

  constructor(session: string) {
    this.session = session
  }

  get untakenBytes(): number {
    return this.#untakenBytes
  }

  /**
   * Whether it may be given more; if not, the waiter is woken when it may. While others wait it may
   * not: whoever has much would take the room of each message that the client takes.
   */
  admits(waiter: Waiter): boolean {
    if (this.#waiting.size === 0 && this.#untakenBytes < limits.clientBufferBytesMax) return true
    this.#waiting.add(waiter)
    return false
  }

  leave(waiter: Waiter): void {
    this.#waiting.delete(waiter)
  }

  count(bytes: number): void {
    this.#untakenBytes += bytes
    if (this.#waiting.size === 0 || this.#untakenBytes > limits.clientBufferBytesMax / 2) return
    const waiting = this.#waiting
    this.#waiting = new Set()
    for (const waiter of waiting) waiter.wake()
  }
}
