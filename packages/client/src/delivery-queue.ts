// Deliveries that wait for the application, in order, and the application while it waits for one.
// Bounded by the prefetch of the consumer, because the broker hands out no more than that.
import type { HoldfastError } from '@holdfast/errors'
import type { Delivery } from './delivery.ts'

interface Waiter {
  /** The loop that waits. */
  readonly loop: object
  readonly resolve: (result: IteratorResult<Delivery, undefined>) => void
  readonly reject: (error: unknown) => void
}

/** Taken deliveries are cut off the front in blocks of at least this many. */
const trimMin = 1_024

export class DeliveryQueue {
  #deliveries: (Delivery | null)[] = []
  #head = 0
  #waiters: Waiter[] = []
  #isEnded = false
  /** Told once, to the next who asks. */
  #error: HoldfastError | null = null

  add(delivery: Delivery): void {
    if (!this.#isEnded) this.#deliveries.push(delivery)
  }

  /**
   * Takes a delivery out that another replaces; nothing happens if the application has it already.
   */
  remove(delivery: Delivery): void {
    const index = this.#deliveries.indexOf(delivery, this.#head)
    if (index >= 0) this.#deliveries[index] = null
  }

  /** The next one, or null if none waits. */
  take(): Delivery | null {
    while (this.#head < this.#deliveries.length) {
      const delivery = this.#deliveries[this.#head] ?? null
      this.#deliveries[this.#head] = null
      this.#head += 1
      this.#trim()
      if (delivery !== null) return delivery
    }
    return null
  }

  /** One step of a loop; `take` is how the owner takes the next delivery. */
  next(loop: object, take: () => Delivery | null): Promise<IteratorResult<Delivery, undefined>> {
    const delivery = take()
    if (delivery !== null) return Promise.resolve({ value: delivery, done: false })
    if (this.#error !== null) {
      const error = this.#error
      this.#error = null
      return Promise.reject(error)
    }
    if (this.#isEnded) return Promise.resolve({ value: undefined, done: true })
    return new Promise((resolve, reject) => this.#waiters.push({ loop, resolve, reject }))
  }

  /** Serves those who wait. */
  wake(take: () => Delivery | null): void {
    while (this.#waiters.length > 0) {
      const delivery = take()
      if (delivery === null) return
      this.#waiters.shift()?.resolve({ value: delivery, done: false })
    }
  }

  /** A loop is left: what it waits for is not to be lost on it. */
  leave(loop: object): void {
    const left = this.#waiters.filter((waiter) => waiter.loop === loop)
    this.#waiters = this.#waiters.filter((waiter) => waiter.loop !== loop)
    for (const { resolve } of left) resolve({ value: undefined, done: true })
  }

  /** Drops what waits. The iteration ends, with an error if one is given. */
  end(error: HoldfastError | null): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#deliveries = []
    this.#head = 0
    const [first, ...rest] = this.#waiters.splice(0)
    if (error !== null && first === undefined) this.#error = error
    if (error === null) first?.resolve({ value: undefined, done: true })
    else first?.reject(error)
    for (const { resolve } of rest) resolve({ value: undefined, done: true })
  }

  #trim(): void {
    if (this.#head === this.#deliveries.length) {
      this.#deliveries = []
      this.#head = 0
    } else if (this.#head >= trimMin && this.#head * 2 >= this.#deliveries.length) {
      this.#deliveries = this.#deliveries.slice(this.#head)
      this.#head = 0
    }
  }
}
