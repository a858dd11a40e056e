// What a consumer gets for the first time: in the order of the queue, or of each priority.
import type { World } from '../world/world.ts'

export class FirstDeliveries {
  readonly #world: World
  /** By queue, consumer and priority: the last offset. */
  readonly #last = new Map<string, number>()
  /** By queue and consumer: the highest offset. */
  readonly #highest = new Map<string, number>()
  /** Of a queue with priorities: the one of a message. */
  readonly #priorities = new Map<string, (message: string) => number>()

  constructor(world: World) {
    this.#world = world
  }

  /** The messages of this queue have priorities. */
  prioritize(queue: string, priorityOf: (message: string) => number): void {
    this.#priorities.set(queue, priorityOf)
  }

  check(queue: string, offset: number, message: string, to: string, what: string): void {
    const priority = this.#priorities.get(queue)?.(message) ?? 0
    const key = `${queue} ${to} ${priority}`
    const before = this.#last.get(key) ?? 0
    if (offset <= before) this.#world.fail(`first delivered after ${before}: ${what}`)
    this.#last.set(key, offset)
    const highest = this.#highest.get(`${queue} ${to}`) ?? 0
    if (offset < highest) this.#world.reached('client: a message overtook another')
    this.#highest.set(`${queue} ${to}`, Math.max(offset, highest))
  }
}
