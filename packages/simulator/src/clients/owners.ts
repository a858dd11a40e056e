// Queues that are exclusive to a connection: nobody else may use them, at any node, and nothing is
// left of them once the connection has ended, whatever fails meanwhile.
import type { WireError } from '@holdfast/errors'
import type { ClientRequest } from '@holdfast/protocol'
import type { World } from '../world/world.ts'
import { AmqpOwner } from './amqp-owner.ts'
import { Change } from './changes.ts'
import type { History } from './history.ts'
import { route } from './ways.ts'

const hasteMsMax = 30

export class Owners extends Change {
  #isOpen = false

  constructor(world: World, history: History) {
    super(world, history, 'stranger to owners')
    // The queue may go at any time, and is never this client's.
    this.operator.isOneOfMany = true
  }

  override get isDone(): boolean {
    return super.isDone && !this.#isOpen
  }

  protected change(): void {
    this.#isOpen = true
    const { world, history } = this
    const name = `mine${this.count}`
    history.deleting(name)
    world.audit.answers.automatic(name)
    const isHasty = world.random.chance(0.3)
    const owner = new AmqpOwner(world, name, history, isHasty ? hasteMsMax : null)
    this.#whenBegun(owner, () => {
      const ways = [route('', name, [name]), route('amq.topic', name, [name])]
      this.publish(`${name}p`, world.random.pick(ways), world.random.integer(1, 10))
      this.#tryToUse(name)
      world.schedule.after(world.random.integer(100, 2000), () => {
        owner.leave(world.random.chance(0.5))
        // Who does not hear that it may go, goes.
        world.schedule.after(1000, () => owner.leave(false))
        this.#mustGo(name)
      })
    })
  }

  #whenBegun(owner: AmqpOwner, run: () => void): void {
    this.world.schedule.after(50, () => {
      if (owner.hasBegun) run()
      else this.#whenBegun(owner, run)
    })
  }

  /** In whatever way, at whatever node. */
  #tryToUse(queue: string): void {
    const binding = { queue, exchange: 'amq.topic', bindingKey: 'theirs', arguments: {} }
    const consumer = { queue, tag: 't', prefetch: 1, autoAck: false, resume: null }
    const all: readonly ClientRequest[] = [
      { type: 'inspect-queue', name: queue },
      { type: 'purge-queue', name: queue },
      { type: 'delete-queue', name: queue, ifUnused: false, ifEmpty: false },
      { type: 'bind-queue', ...binding },
      { type: 'unbind-queue', ...binding },
      { type: 'consume', ...consumer, exclusive: false, priority: 0 }
    ]
    for (const request of this.world.random.shuffle(all).slice(0, 3)) {
      this.operator.ask(request, (error) => this.#mustBeRefused(request.type, error))
    }
  }

  #mustBeRefused(what: string, error: WireError | null): void {
    const isRefused = error?.code === 'QUEUE_LOCKED' || error?.code === 'QUEUE_NOT_FOUND'
    if (!isRefused) this.world.fail(`${what} of a queue of another: ${error?.code ?? 'done'}`)
  }

  #mustGo(name: string): void {
    this.operator.ask({ type: 'locate-queue', name }, (error) => {
      this.#mustBeRefused('locate-queue', error)
      if (error?.code === 'QUEUE_NOT_FOUND') return this.#end()
      this.world.schedule.after(this.world.random.integer(50, 300), () => this.#mustGo(name))
    })
  }

  #end(): void {
    this.#isOpen = false
    this.later()
  }
}
