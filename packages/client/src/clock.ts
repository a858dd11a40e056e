// Time and chance as the SDK uses them: a monotonic clock, waits that can be cut short, and
// jittered backoff. All of it goes through a platform that is handed in: Node and browsers share
// one, and a simulation brings its own.
import { clientLimits } from './limits.ts'

/** Where chance comes from: each call gives a number from 0 up to, not including, 1. */
export type RandomPart = () => number

/** What the SDK needs of its surroundings beside a byte stream. */
export interface Platform {
  /** Milliseconds, monotonic, of this process. */
  nowMs(): number
  /** Milliseconds since 1970; goes on while the machine sleeps, and is set now and then. */
  wallMs(): number
  randomBytes(length: number): Uint8Array
  readonly randomPart: RandomPart
  /** Runs `run` once, in `delayMs`; the function that is returned takes that back. */
  after(delayMs: number, run: () => void): () => void
  /** Runs `run` again and again, until the function that is returned is called. */
  every(periodMs: number, run: () => void): () => void
  /** Runs `run` at the end of this turn of the event loop. */
  endOfTurn(run: () => void): void
}

type Immediate = (callback: () => void) => unknown

function endOfTurn(run: () => void): void {
  const { setImmediate } = globalThis as { setImmediate?: Immediate }
  const defer = setImmediate ?? queueMicrotask
  defer(run)
}

/** Clock, timers and chance of Node and browsers. */
export const realPlatform: Platform = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  randomPart: () => {
    const [value = 0] = crypto.getRandomValues(new Uint32Array(1))
    return value / 2 ** 32
  },
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
  every: (periodMs, run) => {
    const timer = setInterval(run, periodMs)
    return () => clearInterval(timer)
  },
  endOfTurn
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
  readonly #random: RandomPart
  #attempts = 0

  constructor(random: RandomPart) {
    this.#random = random
  }

  reset(): void {
    this.#attempts = 0
  }

  /** Length of the next wait. */
  nextMs(): number {
    const { backoffMsMin, backoffMsMax } = clientLimits
    const fullMs = Math.min(backoffMsMax, backoffMsMin * 2 ** this.#attempts)
    this.#attempts = Math.min(this.#attempts + 1, 16)
    return fullMs * (0.5 + this.#random() / 2)
  }
}

/** Waits that end early when `interrupt` is called, for instance because the connection closes. */
export class Sleeper {
  readonly #platform: Platform
  #wakes = new Set<() => void>()

  constructor(platform: Platform) {
    this.#platform = platform
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        cancel()
        this.#wakes.delete(wake)
        resolve()
      }
      const cancel = this.#platform.after(ms, wake)
      this.#wakes.add(wake)
    })
  }

  interrupt(): void {
    for (const wake of [...this.#wakes]) wake()
  }
}

/** Runs something once at the end of a turn of the event loop, however often it was asked for. */
export class Turn {
  readonly #run: () => void
  readonly #platform: Platform
  #isScheduled = false

  constructor(platform: Platform, run: () => void) {
    this.#platform = platform
    this.#run = run
  }

  schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#platform.endOfTurn(() => {
      this.#isScheduled = false
      this.#run()
    })
  }
}
