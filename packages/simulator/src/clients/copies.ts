// Two queues that are deleted at once, again and again, while a client of AMQP publishes to both:
// by its routing key to the one, by a copy (CC) to the other. Where they share a shard, that lacks
// both, and what it cannot put anywhere it must not take.
import type { World } from '../world/world.ts'
import { AmqpPublisher } from './amqp-publisher.ts'
import { Change } from './changes.ts'
import type { History } from './history.ts'
import { nameOf } from './names.ts'
import { Operator } from './operator.ts'
import { copiedRoute } from './ways.ts'

const messagesMax = 12
const gapMsMax = 20
const lifeMsMax = 500

export class Copies extends Change {
  protected override readonly isCostly = true
  readonly #operators: readonly Operator[]
  readonly #publisher: AmqpPublisher
  #renamed = 0

  constructor(world: World, history: History) {
    super(world, history, 'copier')
    this.#operators = [1, 2].map((i) => new Operator(world, `copier${i}`))
    const options = { history, routes: [], messages: 0, batchMax: 2, gapMsMax }
    this.#publisher = new AmqpPublisher(world, 'copier3', options)
  }

  override get isDone(): boolean {
    return this.#operators.every(({ isIdle }) => isIdle) && this.#publisher.isDone
  }

  override finish(): void {
    super.finish()
    this.#publisher.finish()
  }

  protected change(): void {
    const queues = ['copied', 'copy'].map((name) => `${name}${this.#renamed}#${this.count}`)
    // Nobody consumes from them.
    for (const queue of queues) this.history.lossy(queue)
    this.#each(queues, 'declare', () => {
      this.#publish(queues)
      const lifeMs = this.world.random.integer(0, lifeMsMax)
      this.world.schedule.after(lifeMs, () => this.#delete(queues))
    })
  }

  #delete(queues: readonly string[]): void {
    for (const queue of queues) this.history.deleting(queue)
    this.#publish(queues)
    this.#each(queues, 'delete', () => {
      // A deletion that was asked for twice may yet hit the next queue of that name.
      if (this.#operators.some(({ wasRepeated }) => wasRepeated)) this.#renamed += 1
      this.later()
    })
  }

  #publish(queues: readonly string[]): void {
    if (this.isOver) return
    const messages = this.world.random.integer(1, messagesMax)
    this.#publisher.begin([copiedRoute(queues)], messages)
  }

  /** All at once, each through an operator of its own. */
  #each(queues: readonly string[], what: 'declare' | 'delete', then: () => void): void {
    let open = queues.length
    for (const [i, queue] of queues.entries()) {
      const name = nameOf(queue)
      const request =
        what === 'declare'
          ? ({ type: 'declare-queue', name, options: {} } as const)
          : ({ type: 'delete-queue', name, ifUnused: false, ifEmpty: false } as const)
      this.#operators[i]?.ask(request, (error) => {
        // Asked again after a lost answer, it may be gone.
        if (error?.code !== 'QUEUE_NOT_FOUND') this.must(error, `to ${what} a queue`)
        open -= 1
        if (open === 0) then()
      })
    }
  }
}
