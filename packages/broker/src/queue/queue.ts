// A queue as all replicas know it: its messages, its dispatch mark and its consumers. The leader
// reads it to hand out messages; only the machine changes it.
import type { LiveEntries } from '../live-entries.ts'
import { blankSavedItem, forget, type SavedItem } from '../saved-item.ts'
import type { ConsumerKey } from '../shard-command.ts'
import { type Consumer, consumerId } from './consumer.ts'
import { type DeliveryRun, findDeliveryRun } from './delivery-run.ts'
import { MessageIndex, type MessageRow } from './message-index.ts'

/** What others may read of a queue. */
export interface QueueView {
  readonly id: number
  readonly vhost: string
  readonly name: string
  /** Highest offset given; 0 before the first message. */
  readonly tail: number
  /** Only offsets up to it are handed out; may be ahead of the tail (architecture, A8). */
  readonly mark: number
  /** Messages that are not settled: ready, and delivered and open. */
  readonly liveCount: number
  /** Bytes of their records. */
  readonly bytes: number
  /** By session and tag (`consumerId`), in the order of attachment. */
  readonly consumers: ReadonlyMap<string, Consumer>
  /**
   * Until this log time nothing is published or attached, since a deletion is expected; 0: open.
   */
  readonly closingUntilMs: number
  row(offset: number): MessageRow | null
  /** Smallest live offset at or above `offset`. */
  nextLive(offset: number): number | null
  /** See `findDeliveryRun`. */
  deliveryRun(offset: number, countMax: number, bytesMax: number, last: number): DeliveryRun | null
}

export class ShardQueue implements QueueView {
  readonly id: number
  readonly vhost: string
  readonly name: string
  readonly index: MessageIndex
  readonly #consumers: Map<string, Consumer> = new Map()
  #mark = 0
  #closingUntilMs = 0
  /** Where the last snapshot has everything but the messages. */
  readonly saved: SavedItem = blankSavedItem()

  constructor(id: number, vhost: string, name: string, live: LiveEntries) {
    this.id = id
    this.vhost = vhost
    this.name = name
    this.index = new MessageIndex(live)
  }

  get tail(): number {
    return this.index.tail
  }

  get liveCount(): number {
    return this.index.liveCount
  }

  get bytes(): number {
    return this.index.bytes
  }

  get consumers(): ReadonlyMap<string, Consumer> {
    return this.#consumers
  }

  get mark(): number {
    return this.#mark
  }

  get closingUntilMs(): number {
    return this.#closingUntilMs
  }

  isClosing(timeMs: number): boolean {
    return timeMs < this.#closingUntilMs
  }

  row(offset: number): MessageRow | null {
    return this.index.row(offset)
  }

  nextLive(offset: number): number | null {
    return this.index.nextLive(offset)
  }

  deliveryRun(
    offset: number,
    countMax: number,
    bytesMax: number,
    last: number
  ): DeliveryRun | null {
    return findDeliveryRun(this.index, offset, countMax, bytesMax, last)
  }

  /** The queue's row in the next snapshot differs from the last. */
  touch(): void {
    forget(this.saved)
  }

  /** Returns whether the mark has moved; it never goes back. */
  advanceMark(mark: number): boolean {
    if (mark <= this.#mark) return false
    this.touch()
    this.#mark = mark
    return true
  }

  close(untilMs: number): void {
    this.touch()
    this.#closingUntilMs = untilMs
  }

  attach(consumer: Consumer): void {
    this.touch()
    this.#consumers.set(consumerId(consumer), consumer)
  }

  detach(key: ConsumerKey): Consumer | null {
    const id = consumerId(key)
    const consumer = this.#consumers.get(id)
    if (consumer === undefined) return null
    this.touch()
    this.#consumers.delete(id)
    return consumer
  }

  /** Whether another than `key` keeps a consumer of this kind away. */
  isTaken(key: ConsumerKey, exclusive: boolean): boolean {
    const id = consumerId(key)
    for (const [other, consumer] of this.#consumers) {
      if (other !== id && (exclusive || consumer.exclusive)) return true
    }
    return false
  }

  /** Puts back what a snapshot saved. */
  restore(tail: number, mark: number, closingUntilMs: number): void {
    this.index.tail = tail
    this.#mark = mark
    this.#closingUntilMs = closingUntilMs
  }
}
