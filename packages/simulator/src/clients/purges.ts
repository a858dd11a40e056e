// A queue that is purged while it is in use: messages come at the same time, so that some are
// handed out while the purge is on its way.
import type { World } from '../world/world.ts'
import { Change } from './changes.ts'
import type { History } from './history.ts'
import { route } from './ways.ts'

/** Of a purge. */
const messagesMax = 8
/** How far they may be ahead of it. */
const aheadMsMax = 200

export class Purges extends Change {
  readonly #queue: string

  constructor(world: World, history: History, queue: string) {
    super(world, history, 'purger')
    this.#queue = queue
    history.purges.watch(queue)
  }

  protected change(): void {
    const { random, schedule } = this.world
    const name = `${this.#queue}p${this.count}`
    this.publish(name, route('', this.#queue, [this.#queue]), random.integer(1, messagesMax))
    schedule.after(random.integer(0, aheadMsMax), () => this.#purge())
  }

  #purge(): void {
    const { history, operator } = this
    const { schedule } = this.world
    const { nowMs: askedMs } = schedule
    const end = history.purges.begin(this.#queue, askedMs)
    operator.ask({ type: 'purge-queue', name: this.#queue }, (error) => {
      this.must(error, 'a purge')
      end(schedule.nowMs, operator.wasRepeated)
      history.purges.done(this.#queue, askedMs, schedule.nowMs)
      this.later()
    })
  }
}
