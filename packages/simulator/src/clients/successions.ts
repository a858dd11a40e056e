// A publisher that was replaced, and does not know: its successor has its identity and a later
// epoch. What the old one still sends is refused, however often an answer is lost and it is asked
// again.
import type { World } from '../world/world.ts'
import { Change } from './changes.ts'
import type { History } from './history.ts'
import { Publisher, type Route } from './publisher.ts'
import { route } from './ways.ts'

/** Sent by one that was succeeded. */
const batches = 30

/** It dies and comes back as who it was. */
class Namesake extends Publisher {
  override crash(): void {
    this.reconnect()
  }
}

export class Successions extends Change {
  readonly #queues: readonly string[]
  #publishers: readonly Publisher[] = []
  /**
   * How often the one that will be succeeded is still to send something. A day later it would be
   * right to take that: so nothing is at rest, not even between two steps, until all is sent.
   */
  #left = 0

  constructor(world: World, history: History, queues: readonly string[]) {
    super(world, history, 'heir')
    this.#queues = queues
  }

  override get isDone(): boolean {
    return super.isDone && this.#left === 0 && this.#publishers.every(({ isDone }) => isDone)
  }

  protected change(): void {
    for (const publisher of this.#publishers) publisher.stop()
    this.#left = batches
    const { world, count } = this
    const producer = world.random.bytes(16)
    const queue = world.random.pick(this.#queues)
    const to = route('', queue, [queue])
    const late = { ...route('', queue, []), refusal: 'PRODUCER_FENCED' }
    const former = this.#publisher(`old${count}`, { producer, epoch: 1 })
    const heir = this.#publisher(`new${count}`, { producer, epoch: 2 })
    this.#publishers = [former, heir]
    former.publish(to, 2)
    this.whenDone([former], () => {
      heir.publish(to, 1)
      this.whenDone([heir], () => {
        // Refused for want of disk it has succeeded nobody.
        if (!this.history.isConfirmed(heir.name, 1)) return this.#giveUp()
        this.#goOn(former, late)
      })
    })
  }

  #giveUp(): void {
    this.#left = 0
    this.later()
  }

  /** All the time, so that something is under way whenever a leader or a link is lost. */
  #goOn(former: Publisher, late: Route): void {
    former.publish(late, 1)
    this.#left -= 1
    if (this.#left === 0) return this.whenDone([former], () => this.later())
    const { schedule, random } = this.world
    schedule.after(random.integer(5, 50), () => this.#goOn(former, late))
  }

  #publisher(name: string, identity: { producer: Uint8Array; epoch: number }): Publisher {
    const { history } = this
    return new Namesake(this.world, name, { history, routes: [], messages: 0, identity })
  }
}
