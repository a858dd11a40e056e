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

export class EventQueue {
  #events: AmqpEvent[] = []
  /** The ranges of the last event, if it is a settlement: they may still grow. */
  #ranges: number[] | null = null

  push(event: AmqpEvent): void {
    this.#ranges = null
    this.#events.push(event)
  }

  publish({ channel, sequence, lowestUnconfirmed }: PublishOrigin, batch: PublishBatch): void {
    const last = this.#events.at(-1)
    const blob = last?.type === 'publish' ? continuation(last, channel, batch) : null
    if (last?.type === 'publish' && blob !== null) {
      this.#events[this.#events.length - 1] = { ...last, count: last.count + batch.count, blob }
      return
    }
    const origin = { channel, firstSequence: sequence, lowestUnconfirmed }
    this.push({ type: 'publish', ...origin, ...batch })
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
    return events
  }
}

/** The records of both as one slice, if `batch` may go with the event. */
function continuation(last: PublishEvent, channel: number, batch: PublishBatch): Uint8Array | null {
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
