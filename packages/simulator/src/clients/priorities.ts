// Queues with priorities, with a length limit or without, and several publishers at once. What has
// a higher priority is handed out first (checkers/delivery-ledger.ts); what is confirmed is
// consumed or dropped, as in any other queue.
import type { QueueOptions } from '@holdfast/protocol'
import type { World } from '../world/world.ts'
import type { History } from './history.ts'
import { Overflows } from './overflows.ts'
import { priorityOf, type Route } from './publisher.ts'

export class Priorities extends Overflows {
  /** Their messages would have no priority that is known here. */
  protected override readonly transacts = false
  #maxPriority = 0

  constructor(world: World, history: History, graveQueue: string) {
    super(world, history, graveQueue, 'ranker')
  }

  protected override optionsOf(queue: string): QueueOptions {
    const { random } = this.world
    this.#maxPriority = random.pick([1, 2, 9, 255])
    const limit = random.chance(0.3) ? super.optionsOf(queue) : {}
    return { ...limit, maxPriority: this.#maxPriority }
  }

  protected override routeTo(queue: string): Route {
    const { random } = this.world
    const asked = Array.from({ length: 5 }, () => random.pick([0, 0, 1, 2, 5, 200, 255]))
    const to = { ...super.routeTo(queue), priorities: asked }
    const maxPriority = this.#maxPriority
    this.history.firsts.prioritize(queue, (message) =>
      Math.min(maxPriority, priorityOf(to, Number(message.split(':')[1])))
    )
    return to
  }
}
