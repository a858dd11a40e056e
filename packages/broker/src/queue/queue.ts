// A queue as all replicas know it: its messages, its dispatch mark and its consumers. The leader
// reads it to hand out messages; only the machine changes it.
import type { LiveEntries } from '../live-entries.ts'
import { blankSavedItem, forget, type SavedItem } from '../saved-item.ts'
import type { ConsumerKey } from '../shard-command.ts'
import { type Consumer, consumerId } from './consumer.ts'
import { DeadLetters, type DeadLettersView, type Death } from './dead-letters.ts'
import { type DeliveryRun, findDeliveryRun } from './delivery-run.ts'
import type { DueSegments } from './due-segments.ts'
import { MessageIndex, type MessageRow } from './message-index.ts'
import type { QueueSettings } from './settings.ts'

/** A queue that is closed until then is closed for good: nothing but its deletion is to come. */
export const forGoodMs: number = Number.MAX_SAFE_INTEGER

/** What others may read of a queue. */
export interface QueueView {
  readonly id: number
  readonly vhost: string
  readonly name: string
  readonly settings: QueueSettings
  /** Highest offset given; 0 before the first message. */
  readonly tail: number
  /** Only offsets up to it are handed out; may be ahead of the tail (architecture, A8). */
  readonly mark: number
  /** Messages that are not settled: ready, and delivered and open. */
  readonly liveCount: number
  /** Bytes of their records. */
  readonly bytes: number
  /** Messages that have left it and are on their way to its dead letter exchange. */
  readonly dead: DeadLettersView
  /** By session and tag (`consumerId`), in the order of attachment. */
  readonly consumers: ReadonlyMap<string, Consumer>
  /**
   * Until this log time nothing is published or attached, since a deletion is expected; 0: open.
   */
  readonly closingUntilMs: number
  /** Whether it has come to its end by itself, and waits for its deletion. */
  readonly isOver: boolean
  /** Where one consumer is active at a time: `consumerId` of that one, null while there is none. */
  readonly active: string | null
  /** Counts activations: who was active under a lower number is no more. */
  readonly activation: number
  row(offset: number): MessageRow | null
  /** Smallest live offset at or above `offset`, but for those that are due by `afterMs`. */
  nextLive(offset: number, afterMs?: number): number | null
  /** Smallest live offset at or above `offset` of those that are due by `byMs`. */
  nextDue(offset: number, byMs: number): number | null
  /** See `findDeliveryRun`. */
  deliveryRun(
    offset: number,
    countMax: number,
    bytesMax: number,
    last: number,
    afterMs?: number
  ): DeliveryRun | null
}

/** What is derived from all queues of a shard. */
export interface ShardRows {
  readonly live: LiveEntries
  readonly due: DueSegments
}

/** What a snapshot has of a queue beside its messages and consumers. */
export type SavedQueue = Pick<
  ShardQueue,
  'tail' | 'mark' | 'closingUntilMs' | 'usedMs' | 'active' | 'activation'
> & { readonly deadTail: number }

export class ShardQueue implements QueueView {
  readonly id: number
  readonly vhost: string
  readonly name: string
  readonly settings: QueueSettings
  readonly index: MessageIndex
  readonly dead: DeadLetters
  readonly #consumers: Map<string, Consumer> = new Map()
  #mark = 0
  #closingUntilMs = 0
  /** Log time at which it was declared, asked of or consumed last. */
  #usedMs = 0
  #active: string | null = null
  #activation = 0
  /** Where the last snapshot has everything but the messages. */
  readonly saved: SavedItem = blankSavedItem()

  constructor(
    id: number,
    { vhost, name }: { readonly vhost: string; readonly name: string },
    settings: QueueSettings,
    { live, due }: ShardRows
  ) {
    this.id = id
    this.vhost = vhost
    this.name = name
    this.settings = settings
    this.index = new MessageIndex(live, due, id)
    this.dead = new DeadLetters(live)
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

  get isOver(): boolean {
    return this.#closingUntilMs === forGoodMs
  }

  get active(): string | null {
    return this.#active
  }

  get activation(): number {
    return this.#activation
  }

  get usedMs(): number {
    return this.#usedMs
  }

  /** Log time at which it expires if nobody uses it; infinite if it does not. */
  get deadlineMs(): number {
    const { expiresMs } = this.settings
    const isExpiring = expiresMs > 0 && this.#consumers.size === 0 && !this.isOver
    return isExpiring ? this.#usedMs + expiresMs : Number.POSITIVE_INFINITY
  }

  isClosing(timeMs: number): boolean {
    return timeMs < this.#closingUntilMs
  }

  row(offset: number): MessageRow | null {
    return this.index.row(offset)
  }

  nextLive(offset: number, afterMs?: number): number | null {
    return this.index.nextLive(offset, afterMs)
  }

  nextDue(offset: number, byMs: number): number | null {
    return this.index.nextDue(offset, byMs)
  }

  deliveryRun(
    offset: number,
    countMax: number,
    bytesMax: number,
    last: number,
    afterMs?: number
  ): DeliveryRun | null {
    return findDeliveryRun(this.index, offset, countMax, bytesMax, last, afterMs)
  }

  /** The queue's row in the next snapshot differs from the last. */
  touch(): void {
    forget(this.saved)
  }

  /**
   * Messages leave for a reason (see `MessageIndex.settle`): for the dead letter exchange, if the
   * queue has one. Returns how many left.
   */
  die(
    [first, last]: readonly [number, number],
    attempt: number | null,
    stale: number[] | null,
    death: Death
  ): number {
    if (this.settings.deadLetter === null) return this.index.settle(first, last, attempt, stale)
    this.touch()
    return this.index.settle(first, last, attempt, stale, (segment, row) => {
      this.dead.add(segment, row, death)
    })
  }

  /** Returns whether the mark has moved; it never goes back. */
  advanceMark(mark: number): boolean {
    if (mark <= this.#mark) return false
    this.touch()
    this.#mark = mark
    return true
  }

  /** Never opens again what is closed for longer. */
  close(untilMs: number): void {
    this.touch()
    this.#closingUntilMs = Math.max(this.#closingUntilMs, untilMs)
  }

  use(timeMs: number): void {
    this.touch()
    this.#usedMs = timeMs
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
    if (this.#active === id) this.#active = null
    return consumer
  }

  /**
   * Where one consumer is active at a time and none is, the next one becomes it: of the highest
   * priority, and of those who came first. Null if nothing changes.
   */
  activateNext(): Consumer | null {
    if (!this.settings.singleActive || this.#active !== null || this.isOver) return null
    let next: Consumer | null = null
    for (const consumer of this.#consumers.values()) {
      if (next === null || consumer.priority > next.priority) next = consumer
    }
    if (next === null) return null
    this.touch()
    this.#active = consumerId(next)
    this.#activation++
    return next
  }

  /** Whether another than `key`, or a queue that chooses one itself, keeps such a consumer away. */
  isTaken(key: ConsumerKey, exclusive: boolean): boolean {
    if (exclusive && this.settings.singleActive) return true
    const id = consumerId(key)
    for (const [other, consumer] of this.#consumers) {
      if (other !== id && (exclusive || consumer.exclusive)) return true
    }
    return false
  }

  /** Puts back what a snapshot saved. */
  restore(saved: SavedQueue): void {
    this.index.tail = saved.tail
    this.dead.tail = saved.deadTail
    this.#mark = saved.mark
    this.#closingUntilMs = saved.closingUntilMs
    this.#usedMs = saved.usedMs
    this.#active = saved.active
    this.#activation = saved.activation
  }
}
