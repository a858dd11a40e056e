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

/** What the leader of a queue has to say in the log before it hands out anything. */
export interface Reservation {
  /** Offsets up to it may be handed out. */
  readonly limit: number
  /** Asks for more, or gives up what nobody has room for any longer. */
  adjust(): void
}

export class Reserving implements Reservation {
  readonly #of: ReservingQueue
  #isAsked = false
  /** A lower mark is on its way: nothing above it is handed out from now on. */
  #ceiling = Number.POSITIVE_INFINITY

  constructor(of: ReservingQueue) {
    this.#of = of
  }

  get limit(): number {
    return Math.min(this.#of.queue.mark, this.#ceiling)
  }

  adjust(): void {
    if (this.#isAsked) return
    const { queue, next, held, roster } = this.#of
    const credit = Math.min(roster.credit, limits.markBlockMax)
    /** All up to it was handed out, or came back. */
    const handedOut = Math.max(next.cursor, held.claimedEnd) - 1
    const ahead = Math.max(0, queue.mark - handedOut)
    const reserved = ahead + next.returnedCount
    // What came back is older than what has yet to come, and takes the room that is kept for that.
    const back = next.takeUnreserved(Math.max(0, queue.mark - Math.max(queue.tail, handedOut)))
    if (back.length > 0) this.#lower(sizeOf(back), back, [])
    else if (reserved > credit) this.#giveUp(reserved - credit, ahead)
    else if (isShort(queue, reserved, credit)) this.#ask(credit - reserved, handedOut)
  }

  #ask(count: number, handedOut: number): void {
    const take = this.#of.next.takeUnreserved(count)
    const mark = Math.max(this.#of.queue.mark, handedOut) + count - sizeOf(take)
    this.#commit(mark, take, [])
  }

  #giveUp(count: number, ahead: number): void {
    const lower = Math.min(count, ahead)
    const free = this.#of.next.takeReserved(count - lower)
    if (lower > 0 || free.length > 0) this.#lower(lower, [], free)
  }

  #lower(by: number, take: readonly number[], free: readonly number[]): void {
    this.#ceiling = this.#of.queue.mark - by
    this.#commit(this.#ceiling, take, free)
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

/**
 * Whether more is to be reserved. What is not must fit within the limit when it comes, or is lost
 * to who has room.
 */
export function isShort(
  { settings }: Pick<QueueView, 'settings'>,
  reserved: number,
  credit: number
): boolean {
  const { messages = null, bytes = null } = settings.lengthLimit ?? {}
  const fits = bytes === null ? (messages ?? Number.POSITIVE_INFINITY) : 0
  return reserved < credit && (2 * reserved <= credit || credit - reserved > fits)
}

function sizeOf(pairs: readonly number[]): number {
  let size = 0
  for (let at = 0; at < pairs.length; at += 2) size += (pairs[at + 1] ?? 0) - (pairs[at] ?? 0) + 1
  return size
}
