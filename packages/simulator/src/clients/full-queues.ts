// Queues that refuse what is published to them when they are full: what they refuse nobody gets.
import type { World } from '../world/world.ts'
import type { Published } from './messages.ts'

export class FullQueues {
  readonly #world: World
  readonly #names = new Set<string>()
  /** By queue and message. */
  readonly #delivered = new Set<string>()

  constructor(world: World) {
    this.#world = world
  }

  add(queue: string): void {
    this.#names.add(queue)
  }

  /** Whether the message was refused with this code by such a queue. */
  haveRefused(message: Published, code: string): boolean {
    if (code !== 'QUEUE_FULL') return false
    const full = message.queues.filter((queue) => this.#names.has(queue))
    for (const queue of full) {
      const text = textOf(queue, message)
      if (this.#delivered.has(text)) this.#world.fail(`refused after it was delivered: ${text}`)
    }
    if (full.length > 0) this.#world.reached('client: a full queue refused a message')
    return full.length > 0
  }

  delivered(queue: string, message: Published): void {
    if (!this.#names.has(queue)) return
    const text = textOf(queue, message)
    this.#delivered.add(text)
    if (message.failure === 'QUEUE_FULL') {
      this.#world.fail(`delivered after it was refused: ${text}`)
    }
  }
}

function textOf(queue: string, { publisher, sequence }: Published): string {
  return `${publisher}:${sequence} in ${queue}`
}
