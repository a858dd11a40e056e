// What the leader of a queue with priorities asks of the log: as many messages as consumers have
// room for. The log chooses them, when there are any. One command at a time is on its way.
import type { QueueView } from '@holdfast/broker'
import { limits } from '../limits.ts'
import type { NextByPriority } from './next-by-priority.ts'
import { isShort, type Reservation } from './reserving.ts'
import type { Roster } from './roster.ts'
import type { Commit } from './settling.ts'

export interface PrioritizedQueue {
  readonly queue: QueueView
  readonly next: NextByPriority
  readonly roster: Pick<Roster, 'credit'>
  readonly commit: Commit
  readonly decided: () => void
}

export class PriorityReserving implements Reservation {
  readonly #of: PrioritizedQueue
  #isAsked = false

  constructor(of: PrioritizedQueue) {
    this.#of = of
  }

  /** What is reserved is known one by one. */
  get limit(): number {
    return Number.MAX_SAFE_INTEGER
  }

  adjust(): void {
    if (this.#isAsked) return
    const { queue, next, roster } = this.#of
    const credit = Math.min(roster.credit, limits.priorityRoomMax)
    const ahead = queue.mark - queue.tail
    if (ahead + next.reservedCount > credit && this.#giveUp(credit, ahead)) return
    const reserved = ahead + next.reservedCount
    if (isShort(queue, reserved, credit)) this.#commit(credit - next.reservedCount)
  }

  /** Returns whether the log is asked. */
  #giveUp(credit: number, ahead: number): boolean {
    const { next } = this.#of
    const room = Math.max(0, credit - next.reservedCount)
    // This first, or what comes meanwhile would overtake what is given up.
    if (ahead > room) {
      this.#commit(room)
      return true
    }
    const free = next.takeRest(credit)
    if (free.length > 0) this.#commit(0, free)
    return free.length > 0
  }

  #commit(room: number, free: readonly number[] = []): void {
    const { queue, commit, decided } = this.#of
    this.#isAsked = true
    commit({ type: 'reserve-by-priority', queue: queue.id, free, room }, () => {
      this.#isAsked = false
      decided()
    })
  }
}
