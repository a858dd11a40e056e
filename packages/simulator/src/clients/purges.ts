// A queue that is purged while it is in use.
import type { World } from '../world/world.ts'
import { Change } from './changes.ts'
import type { History } from './history.ts'

export class Purges extends Change {
  readonly #queue: string

  constructor(world: World, history: History, queue: string) {
    super(world, history, 'purger')
    this.#queue = queue
    history.purges.watch(queue)
  }

  protected change(): void {
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
