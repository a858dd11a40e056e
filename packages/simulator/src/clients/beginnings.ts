// Queues that are bound by somebody who did not declare them, while the declaration still waits for
// their shard: as soon as that is confirmed, what is published reaches the new queue, too.
import type { World } from '../world/world.ts'
import { Change } from './changes.ts'
import type { History } from './history.ts'
import { Operator } from './operator.ts'
import { route } from './ways.ts'

const publishers = 2

export class Beginnings extends Change {
  readonly #queues: readonly string[]
  readonly #binder: Operator

  constructor(world: World, history: History, queues: readonly string[]) {
    super(world, history, 'beginner')
    this.#queues = queues
    this.#binder = new Operator(world, 'early')
  }

  override get isDone(): boolean {
    return super.isDone && this.#binder.isIdle
  }

  protected change(): void {
    const name = `begun${this.count}`
    const queue = this.world.random.pick(this.#queues)
    const bindingKey = `begin-${this.count}`
    this.history.lossy(name)
    this.#bind(queue, bindingKey, () => {
      this.operator.ask({ type: 'declare-queue', name, options: {} }, (error) => {
        this.must(error, 'a declaration')
      })
      this.#bind(name, bindingKey, () => {
        const to = route('dir', bindingKey, [queue, name])
        const done = Array.from({ length: publishers }, (_, i) => {
          return this.publish(`${name}p${i + 1}`, to, 1)
        })
        this.whenDone(done, () => this.#end(name))
      })
    })
  }

  /** Asks until the queue is known. */
  #bind(queue: string, bindingKey: string, then: () => void): void {
    const binding = { queue, exchange: 'dir', bindingKey, arguments: {} }
    this.#binder.ask({ type: 'bind-queue', ...binding }, (error) => {
      if (error === null) return then()
      if (error.code !== 'QUEUE_NOT_FOUND') this.must(error, 'a binding')
      const { schedule, random } = this.world
      schedule.after(random.integer(5, 20), () => this.#bind(queue, bindingKey, then))
    })
  }

  #end(name: string): void {
    this.history.deleting(name)
    const request = { type: 'delete-queue', name, ifUnused: true, ifEmpty: false } as const
    this.operator.ask(request, (error) => {
      // Asked again after a lost answer, it may be gone.
      if (error?.code !== 'QUEUE_NOT_FOUND') this.must(error, 'a deletion')
      this.later()
    })
  }
}
