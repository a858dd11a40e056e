// A publisher whose node is cut off with a message that it has taken. It goes on at another node,
// which brings the message where it belongs, and says nothing more. When the first node is back,
// more time has passed than a producer is remembered; what that node still has must not be news.
import type { ClientEvent } from '@holdfast/protocol'
import { part } from '../faults/network-faults.ts'
import type { Host } from '../world/host.ts'
import type { World } from '../world/world.ts'
import type { History } from './history.ts'
import { lapseMs, lapsePauseMs, lapses } from './latecomer.ts'
import { Publisher } from './publisher.ts'
import { boundQueues, route } from './ways.ts'

const way = route('', boundQueues[0], [boundQueues[0]])

export class Stranded extends Publisher {
  readonly #host: Host
  /** By what it publishes the log hears what time it is. */
  readonly #other: Publisher
  #mend: () => void = () => undefined
  #phase: 'coming' | 'cut off' | 'waiting' | 'back' = 'coming'
  #left = lapses

  /** `host` is one without which every group has a majority. */
  constructor(world: World, history: History, host: Host) {
    super(world, 'stranded', { history, routes: [], messages: 0 })
    this.#host = host
    this.#other = new Publisher(world, 'clock', { history, routes: [], messages: 0 })
  }

  override get isDone(): boolean {
    return this.#phase === 'back' && super.isDone && this.#other.isDone
  }

  protected override choose(): Host | null {
    if (this.#phase === 'coming') return this.#host
    const others = this.world.memberHosts.filter((host) => host !== this.#host)
    return this.random.pickAny(others) ?? null
  }

  protected override opened(credit: number): void {
    super.opened(credit)
    if (this.#phase !== 'coming') return
    this.#phase = 'cut off'
    this.#mend = part(this.world, (host) => (host === this.#host ? 0 : 1))
    this.publish(way, 1)
  }

  protected override event(event: ClientEvent): void {
    super.event(event)
    if (this.#phase !== 'cut off' || !super.isDone) return
    this.#phase = 'waiting'
    this.#wait()
  }

  #wait(): void {
    const { schedule, hosts } = this.world
    this.world.struck('time-lapse')
    for (const host of hosts) {
      // Whoever hears nobody lives through that time; the others would have much to do in it.
      if (host === this.#host) host.clock.leap(lapseMs)
      else host.clock.jump(lapseMs)
    }
    this.#other.publish(way, 1)
    this.#left -= 1
    schedule.after(lapsePauseMs, () => {
      if (this.#left > 0) return this.#wait()
      this.#mend()
      this.#phase = 'back'
    })
  }
}
