// The events of one connection that wait to be taken, in order. Publishes and settlements that
// follow one another and go the same way become one event: one object a batch, not a message.
import type { AmqpEvent, PublishEvent } from './events.ts'
import { amqpLimits } from './limits.ts'
import { joined } from './record-form.ts'
import type { PublishBatch, Settlement } from './requests.ts'
import { addToRanges } from './unsettled.ts'

/** Where a publish came from. */
export interface PublishOrigin {
  readonly channel: number
  readonly sequence: number
  readonly lowestUnconfirmed: number
}

/** Nobody has seen it yet. */
type GrowingBatch = Omit<PublishEvent, 'count' | 'blob'> & { count: number; blob: Uint8Array }

export class EventQueue {
  #events: AmqpEvent[] = []
  /** The ranges of the last event, if it is a settlement: they may still grow. */
  #ranges: number[] | null = null
  /** The last event, if it is a publish. */
  #batch: GrowingBatch | null = null

  push(event: AmqpEvent): void {
    this.#ranges = null
    this.#batch = null
    this.#events.push(event)
  }

  publish({ channel, sequence, lowestUnconfirmed }: PublishOrigin, batch: PublishBatch): void {
    const last = this.#batch
    const blob = last === null ? null : continuation(last, channel, batch)
    if (last !== null && blob !== null) {
      last.count += batch.count
      last.blob = blob
      return
    }
    const origin = { channel, firstSequence: sequence, lowestUnconfirmed }
    const event = { type: 'publish', ...origin, ...batch } as const
    this.push(event)
    this.#batch = event
  }

  settle({ consumer, outcome, ranges }: Settlement): void {
    const last = this.#events.at(-1)
    const isSame = last?.type === 'settle' && last.consumer === consumer && last.outcome === outcome
    const [first, end, attempt] = ranges
    if (isSame && this.#ranges !== null && ranges.length === 3 && first === end) {
      return addToRanges(this.#ranges, first ?? 0, attempt ?? 0)
    }
    const own = [...ranges]
    this.push({ type: 'settle', consumer, outcome, ranges: own })
    this.#ranges = own
  }

  take(): readonly AmqpEvent[] {
    const events = this.#events
    if (events.length > 0) this.#events = []
    this.#ranges = null
    this.#batch = null
    return events
  }
}

/** The records of both as one slice, if `batch` may go with the event. */
function continuation(last: GrowingBatch, channel: number, batch: PublishBatch): Uint8Array | null {
  const isSameWay =
    last.channel === channel &&
    last.exchange === batch.exchange &&
    last.routingKey === batch.routingKey
  // What may have to be sent back goes alone.
  const isPlain = !last.mandatory && !batch.mandatory
  const hasCopies = last.copies.length > 0 || batch.copies.length > 0
  if (!isSameWay || !isPlain || hasCopies) return null
  const bytes = last.blob.length + batch.blob.length
  if (last.count >= amqpLimits.batchRecordsMax || bytes > amqpLimits.batchBytesMax) return null
  return joined(last.blob, batch.blob)
}
