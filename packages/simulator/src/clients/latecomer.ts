// A publisher that never heard what became of its first message, and went on. When it asks for that
// once more, more time has passed than a producer is remembered that says nothing; but it was never
// silent for as long.
import type { ClientEvent } from '@holdfast/protocol'
import type { World } from '../world/world.ts'
import type { History } from './history.ts'
import { Publisher } from './publisher.ts'
import { boundQueues, route } from './ways.ts'

const minuteMs = 60_000
/**
 * Clocks that are off by up to five minutes, some one way and some the other, must not make a
 * silence of fifteen minutes of it; all of them together are more than that.
 */
export const lapseMs: number = 4.5 * minuteMs
export const lapses = 5
/** From the one that is most ahead to the one that is most behind. */
export const clocksApartMsMax: number = 10 * minuteMs
/** By then nodes have heard of each other's clocks. */
export const lapsePauseMs = 200
const way = route('', boundQueues[0], [boundQueues[0]])

export class Latecomer extends Publisher {
  /** Confirms get lost on their way. */
  #isDeaf = true
  #left = lapses
  /** Time goes by, after which it says more. */
  #isPausing = false

  constructor(world: World, history: History) {
    super(world, 'late', { history, routes: [], messages: 0 })
    this.publish(way, 1)
  }

  override get isDone(): boolean {
    return !this.#isPausing && super.isDone
  }

  protected override event(event: ClientEvent): void {
    const isLost = event.type === 'confirm' && this.#isDeaf
    if (isLost) this.#isDeaf = false
    else super.event(event)
    if (isLost || event.type === 'confirm') this.#goOn()
  }

  #goOn(): void {
    if (this.isDone) return
    const { schedule, hosts } = this.world
    this.world.struck('time-lapse')
    for (const { clock } of hosts) clock.jump(lapseMs)
    this.#left -= 1
    this.#isPausing = true
    schedule.after(lapsePauseMs, () => {
      this.#isPausing = false
      if (this.#left > 0) this.publish(way, 1)
      else this.reconnect()
    })
  }
}
