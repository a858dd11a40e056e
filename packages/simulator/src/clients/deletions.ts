// Queues that somebody has asked to delete: what is published to them may find nobody there.
import type { World } from '../world/world.ts'
import type { Published } from './messages.ts'

/** So long a node tries to find the queue that is there now, where one follows the other. */
const triesMs = 30_000

export class Deletions {
  readonly #world: World
  /** By queue: when its deletion was asked for last. */
  readonly #askedMs = new Map<string, number>()

  constructor(world: World) {
    this.#world = world
  }

  begin(queue: string): void {
    this.#askedMs.set(queue, this.#world.schedule.nowMs)
  }

  /** Null: it never was. */
  askedMs(queue: string): number | null {
    return this.#askedMs.get(queue) ?? null
  }

  /** Whether a message may be refused with this code, since all its queues are gone. */
  haveRefused({ queues, refusal }: Published, code: string): boolean {
    if (code === refusal) return queues.every((queue) => this.#askedMs.has(queue))
    const triedSinceMs = this.#world.schedule.nowMs - triesMs
    const wereLongAgo = queues.every((queue) => (this.askedMs(queue) ?? Infinity) <= triedSinceMs)
    return code === 'UNAVAILABLE' && queues.length > 0 && wereLongAgo
  }
}
