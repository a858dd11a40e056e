// A publisher that was replaced, and does not know: its successor has its identity and a later
// epoch. What the old one still sends is refused, however often an answer is lost and it is asked
// again.
import type { World } from '../world/world.ts'
import { Change, route } from './changes.ts'
import type { History } from './history.ts'
import { Publisher } from './publisher.ts'

/** It dies and comes back as who it was. */
class Namesake extends Publisher {
  override crash(): void {
    this.reconnect()
  }
}

export class Successions extends Change {
  readonly #queues: readonly string[]
  #publishers: readonly Publisher[] = []

  constructor(world: World, history: History, queues: readonly string[]) {
    super(world, history, 'heir')
    this.#queues = queues
    this.later()
  }

  override get isDone(): boolean {
    return super.isDone && this.#publishers.every(({ isDone }) => isDone)
  }

  protected change(): void {
    for (const publisher of this.#publishers) publisher.stop()
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
        if (!this.history.isConfirmed(heir.name, 1)) return this.later()
        for (let batch = 0; batch < 6; batch += 1) former.publish(late, 1)
        this.whenDone([former], () => this.later())
      })
    })
  }

  #publisher(name: string, identity: { producer: Uint8Array; epoch: number }): Publisher {
    const { history } = this
    return new Namesake(this.world, name, { history, routes: [], messages: 0, identity })
  }
}
