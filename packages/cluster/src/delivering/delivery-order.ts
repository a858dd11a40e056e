// The order in which a leader hands out the messages of a queue, and what it has to ask the log for
// before it does.
import type { QueueView } from '@holdfast/broker'
import type { HeldDeliveries } from './held-deliveries.ts'
import { NextByPriority } from './next-by-priority.ts'
import type { NextMessages } from './next-messages.ts'
import { NextOffsets } from './next-offsets.ts'
import { PriorityReserving } from './priority-reserving.ts'
import { type Reservation, Reserving } from './reserving.ts'
import type { Roster } from './roster.ts'
import type { Commit } from './settling.ts'

export interface DeliveryOrder {
  readonly next: NextMessages
  /** Null: the mark is all that the log has to know. */
  readonly reserving: Reservation | null
}

export interface OrderedQueue {
  readonly queue: QueueView
  readonly held: HeldDeliveries
  readonly roster: Roster
  readonly commit: Commit
  /** The log has decided on what it was asked. */
  readonly decided: () => void
}

export function deliveryOrder(of: OrderedQueue): DeliveryOrder {
  const { queue, held } = of
  if (queue.settings.maxPriority > 0) {
    const next = new NextByPriority(queue, held)
    return { next, reserving: new PriorityReserving({ ...of, next }) }
  }
  const next = new NextOffsets(queue, held)
  const isLimited = queue.settings.lengthLimit !== null
  return { next, reserving: isLimited ? new Reserving({ ...of, next }) : null }
}
