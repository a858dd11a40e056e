// Bindings that somebody publishes by before they are known to be there, and transactions that
// follow at once.
import type { World } from '../world/world.ts'
import { Change } from './changes.ts'
import { Committer } from './committer.ts'
import type { History } from './history.ts'

const exchange = 'dir'

export class Commits extends Change {
  protected override readonly isCostly = true
  readonly #queues: readonly string[]
  readonly #committer: Committer

  constructor(world: World, history: History, queues: readonly string[]) {
    super(world, history, 'commits')
    this.#queues = queues
    this.#committer = new Committer(world, 'committer', history)
  }

  override get isDone(): boolean {
    return super.isDone && this.#committer.isIdle
  }

  protected change(): void {
    const queue = this.world.random.pick(this.#queues)
    const bindingKey = `commit-${this.count}`
    const done = (): void => this.later()
    if (!this.#committer.run({ queue, exchange, bindingKey, done })) this.later()
  }
}
