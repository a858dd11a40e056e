// A queue as all replicas know it: its messages, its dispatch mark and its consumers. The leader
// reads it to hand out messages; only the machine changes it.
import type { LiveEntries } from '../live-entries.ts'
import { blankSavedItem, forget, type SavedItem } from '../saved-item.ts'
import type { ConsumerKey } from '../shard-command.ts'
import type { Consumer } from './consumer.ts'
import { DeadLetters, type Death } from './dead-letters.ts'
import { type DeliveryRun, findDeliveryRun } from './delivery-run.ts'
import type { DueSegments } from './due-segments.ts'
import { MessageIndex } from './message-index.ts'
import type { MessageRow } from './message-row.ts'
import { addPair } from './pairs.ts'
import { QueueConsumers } from './queue-consumers.ts'
import type { QueueView } from './queue-view.ts'
import { isReserving, type QueueSettings } from './settings.ts'

/** A queue that is closed until then is closed for good: nothing but its deletion is to come. */
export const forGoodMs: number = Number.MAX_SAFE_INTEGER

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
  readonly #consumers: QueueConsumers = new QueueConsumers()
  #mark = 0
  #closingUntilMs = 0
  /** Log time at which it was declared, asked of or consumed last. */
  #usedMs = 0
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
    this.index = new MessageIndex(live, due, id, settings.maxPriority)
    this.dead = new DeadLetters(live)
  }

  get tail(): number {
    return this.index.tail
  }

  get liveCount(): number {
    return this.index.liveCount
  }

  get readyCount(): number {
    return this.index.ready.messages
  }

  get hasReserved(): boolean {
    if (!isReserving(this.settings)) return false
    return this.index.ready.messages < this.liveCount || this.#mark > this.tail
  }

  get bytes(): number {
    return this.index.bytes
  }

  get consumers(): ReadonlyMap<string, Consumer> {
    return this.#consumers.all
  }

  get mark(): number {
    // With priorities, what is out is not what came first: the mark is not behind the tail.
    return this.settings.maxPriority > 0 ? Math.max(this.#mark, this.tail) : this.#mark
  }

  get closingUntilMs(): number {
    return this.#closingUntilMs
  }

  get isOver(): boolean {
    return this.#closingUntilMs === forGoodMs
  }

  get active(): string | null {
    return this.#consumers.active
  }

  get activation(): number {
    return this.#consumers.activation
  }

  get usedMs(): number {
    return this.#usedMs
  }

  /** Log time at which it expires if nobody uses it; infinite if it does not. */
  get deadlineMs(): number {
    const { expiresMs } = this.settings
    const isExpiring = expiresMs > 0 && this.#consumers.all.size === 0 && !this.isOver
    return isExpiring ? this.#usedMs + expiresMs : Number.POSITIVE_INFINITY
  }

  isClosing(timeMs: number): boolean {
    return timeMs < this.#closingUntilMs
  }

  row(offset: number): MessageRow | null {
    return this.index.row(offset)
  }

  isOut(offset: number): boolean {
    if (!isReserving(this.settings)) return true
    const segment = this.index.segmentOf(offset)
    return segment?.isOut(offset - segment.first) === true
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
    if (mark <= this.#mark || this.settings.maxPriority > 0) return false
    this.reserve(mark)
    return true
  }

  /**
   * Live messages go back (see `MessageIndex.giveBack`). Where messages are reserved they are ready
   * again, unless consumers have room for more than there is: then what is reserved is reserved for
   * them; with priorities when all are back (`fillRoom`). Returns as pairs those that have come
   * back more often than the delivery limit allows: they are not in `returned`, and have to leave.
   */
  giveBack(
    [first, last]: readonly [number, number],
    attempt: number | null,
    isCounted: boolean,
    returned: number[],
    stale: number[] | null
  ): readonly number[] {
    const { deliveryLimit } = this.settings
    const [own, spent]: [number[], number[]] = [[], []]
    this.index.giveBack(first, last, attempt, isCounted, own, stale)
    for (let at = 0; at < own.length; at += 2) {
      const [from = 0, to = 0] = [own[at], own[at + 1]]
      if (deliveryLimit === null && !isReserving(this.settings)) addPair(returned, from, to)
      else for (let offset = from; offset <= to; offset++) this.#cameBack(offset, returned, spent)
    }
    return spent
  }

  #cameBack(offset: number, returned: number[], spent: number[]): void {
    const { deliveryLimit, maxPriority } = this.settings
    if (deliveryLimit !== null && (this.row(offset)?.deliveryCount ?? 0) > deliveryLimit) {
      return addPair(spent, offset, offset)
    }
    addPair(returned, offset, offset)
    if (!isReserving(this.settings)) return
    const isReserved = this.#mark > this.tail && maxPriority === 0
    if (isReserved) {
      this.touch()
      this.#mark--
    }
    this.index.setOut(offset, isReserved)
  }

  /** Live messages from `first` to `last` are reserved for consumers, or are not any longer. */
  setOut(first: number, last: number, isOut: boolean): void {
    let offset = this.index.nextLive(first)
    for (; offset !== null && offset <= last; offset = this.index.nextLive(offset + 1)) {
      this.index.setOut(offset, isOut)
    }
  }

  /** With a length limit, all up to the mark is reserved, and nothing above: it may go back. */
  reserve(mark: number): void {
    const [low, high] = [Math.min(mark, this.#mark), Math.max(mark, this.#mark)]
    const isMore = mark > this.#mark
    this.touch()
    this.#mark = mark
    if (this.settings.lengthLimit !== null) this.setOut(low + 1, high, isMore)
  }

  /**
   * With priorities: consumers have room for this many, in the place of any room they had before.
   * Returns what is reserved for it, as pairs; the rest is for what comes.
   */
  makeRoom(room: number): number[] {
    this.touch()
    this.#mark = this.tail + room
    return this.fillRoom()
  }

  /** With priorities: no room is kept for what comes while something is ready. */
  fillRoom(): number[] {
    const taken: number[] = []
    if (this.settings.maxPriority === 0) return taken
    while (this.#mark > this.tail) {
      const offset = this.index.firstReady
      if (offset === null) break
      this.touch()
      this.#mark--
      this.index.setOut(offset, true)
      addPair(taken, offset, offset)
    }
    return taken
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
    this.#consumers.add(consumer)
  }

  detach(key: ConsumerKey): Consumer | null {
    const consumer = this.#consumers.remove(key)
    if (consumer !== null) this.touch()
    return consumer
  }

  /** Where one consumer is active at a time and none is, the next one becomes it; null if not. */
  activateNext(): Consumer | null {
    if (!this.settings.singleActive || this.isOver) return null
    const next = this.#consumers.activateNext()
    if (next !== null) this.touch()
    return next
  }

  /** Whether another than `key`, or a queue that chooses one itself, keeps such a consumer away. */
  isTaken(key: ConsumerKey, exclusive: boolean): boolean {
    if (exclusive && this.settings.singleActive) return true
    return this.#consumers.isTaken(key, exclusive)
  }

  /** Puts back what a snapshot saved. */
  restore(saved: SavedQueue): void {
    this.index.tail = saved.tail
    this.dead.tail = saved.deadTail
    this.#mark = saved.mark
    this.#closingUntilMs = saved.closingUntilMs
    this.#usedMs = saved.usedMs
    this.#consumers.restore(saved.active, saved.activation)
  }
}
