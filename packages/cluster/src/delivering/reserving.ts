// What the leader of a queue with a length limit reserves for its consumers, in the log: as much as
// they have room for. What is not reserved is ready, counts, and may be dropped when another
// message comes; so nothing else is handed out. One command at a time is on its way.
import type { QueueView } from '@holdfast/broker'
import { limits } from '../limits.ts'
import type { HeldDeliveries } from './held-deliveries.ts'
import type { NextOffsets } from './next-offsets.ts'
import type { Roster } from './roster.ts'
import type { Commit } from './settling.ts'

export interface ReservingQueue {
  readonly queue: QueueView
  readonly next: NextOffsets
  readonly held: HeldDeliveries
  readonly roster: Roster
  readonly commit: Commit
  readonly decided: () => void
}

export class Reserving {
  readonly #of: ReservingQueue
  #isAsked = false
  /** A lower mark is on its way: nothing above it is handed out from now on. */
  #ceiling = Number.POSITIVE_INFINITY

  constructor(of: ReservingQueue) {
    this.#of = of
  }

  /** Offsets up to it may be handed out. */
  get limit(): number {
    return Math.min(this.#of.queue.mark, this.#ceiling)
  }

  /** Asks for more, or gives up what nobody has room for any longer. */
  adjust(): void {
    if (this.#isAsked) return
    const { queue, next, held, roster } = this.#of
    const credit = Math.min(roster.credit, limits.markBlockMax)
    /** All up to it was handed out, or came back. */
    const handedOut = Math.max(next.cursor, held.claimedEnd) - 1
    const ahead = Math.max(0, queue.mark - handedOut)
    const reserved = ahead + next.returnedCount
    if (reserved > credit) this.#giveUp(reserved - credit, ahead)
    else if (this.#isShort(reserved, credit)) this.#ask(credit - reserved, handedOut)
  }

  /** What is not reserved must fit within the limit when it comes, or is lost to who has room. */
  #isShort(reserved: number, credit: number): boolean {
    const { lengthLimit } = this.#of.queue.settings
    const fits = lengthLimit?.bytes === null ? (lengthLimit.messages ?? 0) : 0
    return reserved < credit && (2 * reserved <= credit || credit - reserved > fits)
  }

  #ask(count: number, handedOut: number): void {
    const take = this.#of.next.takeUnreserved(count)
    const mark = Math.max(this.#of.queue.mark, handedOut) + count - sizeOf(take)
    this.#commit(mark, take, [])
  }

  #giveUp(count: number, ahead: number): void {
    const { queue, next } = this.#of
    const lower = Math.min(count, ahead)
    const free = next.takeReserved(count - lower)
    if (lower === 0 && free.length === 0) return
    this.#ceiling = queue.mark - lower
    this.#commit(this.#ceiling, [], free)
  }

  #commit(mark: number, take: readonly number[], free: readonly number[]): void {
    const { queue, next, commit, decided } = this.#of
    this.#isAsked = true
    commit({ type: 'reserve-messages', queue: queue.id, mark, take, free }, () => {
      this.#isAsked = false
      this.#ceiling = Number.POSITIVE_INFINITY
      next.decided([...take, ...free])
      decided()
    })
  }
}

function sizeOf(pairs: readonly number[]): number {
  let size = 0
  for (let at = 0; at < pairs.length; at += 2) size += (pairs[at + 1] ?? 0) - (pairs[at] ?? 0) + 1
  return size
}
