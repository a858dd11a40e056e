// What a channel gathers between tx.select and tx.commit (AMQP 0-9-1 tx): publishes and
// settlements, which go into one request, so that all of them happen or none.
import { amqpLimits } from './limits.ts'
import { publishMemory } from './publish-memory.ts'
import { AmqpError } from './replies.ts'
import type { Outcome, PublishBatch, RequestOf } from './requests.ts'
import { settlementsOf, type UnsettledDelivery } from './unsettled.ts'

/** What one takes in memory. */
const deliveryBytes = 64

interface Settled {
  readonly deliveries: readonly UnsettledDelivery[]
  readonly outcome: Outcome
}

export class Transaction {
  #publishes: PublishBatch[] = []
  #bytes = 0
  #settled: Settled[] = []
  #items = 0

  /** Bytes that it keeps in memory. */
  get bytes(): number {
    return this.#bytes
  }

  publish(batch: PublishBatch): void {
    this.#count(1 + batch.copies.length, publishMemory(batch))
    this.#publishes.push(batch)
  }

  settle(deliveries: readonly UnsettledDelivery[], outcome: Outcome): void {
    this.#count(deliveries.length, deliveries.length * deliveryBytes)
    this.#settled.push({ deliveries, outcome })
  }

  #count(items: number, bytes: number): void {
    this.#items += items
    this.#bytes += bytes
    const { transactionItemsMax, transactionBytesMax } = amqpLimits
    if (this.#items > transactionItemsMax) {
      throw tooLarge(`${transactionItemsMax} publishes and acks, each key in CC and BCC counted`)
    }
    if (this.#bytes > transactionBytesMax) throw tooLarge(`${transactionBytesMax} bytes`)
  }

  /** Everything that was gathered; the next transaction begins empty. */
  take(): { request: RequestOf<'commit'>; deliveries: readonly UnsettledDelivery[] } {
    const publishes = this.#publishes
    const settlements = this.#settled.flatMap((each) =>
      settlementsOf(each.deliveries, each.outcome)
    )
    const deliveries = this.#settled.flatMap((each) => each.deliveries)
    this.#publishes = []
    this.#settled = []
    this.#bytes = 0
    this.#items = 0
    return { request: { type: 'commit', publishes, settlements }, deliveries }
  }
}

function tooLarge(what: string): AmqpError {
  const explanation = `a transaction of more than ${what}; commit more often`
  return new AmqpError('PRECONDITION_FAILED', explanation)
}
