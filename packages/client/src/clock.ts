// Time and chance as the SDK uses them: a monotonic clock, waits that can be cut short, and
// jittered backoff. Randomness comes from the platform's generator, which Node and browsers share.
import { clientLimits } from './limits.ts'

/** Milliseconds, monotonic, of this process. */
export function nowMs(): number {
  return performance.now()
}

/** Random bytes of the platform. */
export function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length))
}

/** Where chance comes from: each call gives a number from 0 up to, not including, 1. */
export type RandomPart = () => number

/** Chance of the platform. */
export function randomPart(): number {
  const [value = 0] = crypto.getRandomValues(new Uint32Array(1))
  return value / 2 ** 32
}

/** The same items in an order that is drawn, each order as likely as any other. */
export function shuffled<Item>(items: readonly Item[], random: RandomPart): readonly Item[] {
  const rest = [...items]
  const drawn: Item[] = []
  while (rest.length > 0) drawn.push(...rest.splice(Math.floor(random() * rest.length), 1))
  return drawn
}

/** Growing waits between attempts: 50 ms doubling to 1 s, each between half and all of that. */
export class Backoff {
  #attempts = 0

  reset(): void {
    this.#attempts = 0
  }

  /** Length of the next wait. */
  nextMs(): number {
    const { backoffMsMin, backoffMsMax } = clientLimits
    const fullMs = Math.min(backoffMsMax, backoffMsMin * 2 ** this.#attempts)
    this.#attempts = Math.min(this.#attempts + 1, 16)
    return fullMs * (0.5 + randomPart() / 2)
  }
}

/** Waits that end early when `interrupt` is called, for instance because the connection closes. */
export class Sleeper {
  #wakes = new Set<() => void>()

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#wakes.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      this.#wakes.add(wake)
    })
  }

  interrupt(): void {
    for (const wake of [...this.#wakes]) wake()
  }
}

type Immediate = (callback: () => void) => unknown

/** Runs something once at the end of a turn of the event loop, however often it was asked for. */
export class Turn {
  readonly #run: () => void
  readonly #defer: Immediate
  #isScheduled = false

  constructor(run: () => void) {
    this.#run = run
    const { setImmediate } = globalThis as { setImmediate?: Immediate }
    this.#defer = setImmediate ?? queueMicrotask
  }

  schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#defer(() => {
      this.#isScheduled = false
      this.#run()
    })
  }
}
