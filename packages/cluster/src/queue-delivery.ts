// Deliveries of one queue, at the leader of its shard (architecture: deliveries are the leader's
// business). Who holds what is known here only; what is settled or comes back goes through the log.
// After an election nothing is handed out until the consumers that the log knows are back with what
// they hold, or a grace has ended; then what nobody claimed is returned, flagged, by one committed
// command.
import type { DeliveryRun, QueueView, ShardCommand } from '@holdfast/broker'
import { readSectionHeader } from '@holdfast/broker'
import { type Consumer, type ConsumerKey, creditOf, keyText } from './consumer.ts'
import type { Core } from './core.ts'
import { limits, times } from './limits.ts'
import type { GroupId } from './log-store.ts'
import { OffsetHeap } from './offset-heap.ts'

/** `waiting`: consumers may still come back; `returning`: the unclaimed are on their way back. */
type Phase = 'waiting' | 'returning' | 'open'

/** Messages handed to one consumer before the next one gets some, where there are several. */
const shareMax = 32

export class QueueDelivery {
  readonly queue: QueueView
  readonly group: GroupId
  readonly #core: Core
  #phase: Phase = 'waiting'
  readonly #graceUntilMs: number
  #consumers: Consumer[] = []
  #turn = 0
  /** Who holds an offset; null while its settlement or return is on its way through the log. */
  readonly #held = new Map<number, Consumer | null>()
  readonly #returned = new OffsetHeap()
  /** No offset from here on was handed out in this term. */
  #cursor = 1
  /** Offsets below were claimed after a failover and must be looked up one by one. */
  #claimedEnd = 0
  #markAsked = 0
  #isReading = false
  #isRetrying = false

  constructor(core: Core, group: GroupId, queue: QueueView) {
    this.#core = core
    this.group = group
    this.queue = queue
    this.#graceUntilMs = core.clock.nowMs + times.reattachGraceMs
  }

  get unsettled(): number {
    return this.#held.size
  }

  get consumerCount(): number {
    return this.#consumers.length
  }

  consumers(): readonly Consumer[] {
    return this.#consumers
  }

  attach(consumer: Consumer, resume: readonly number[] | null): void {
    this.#consumers = this.#consumers.filter(
      (other) => keyText(other.key) !== keyText(consumer.key)
    )
    this.#consumers.push(consumer)
    for (let i = 0; resume !== null && i + 2 < resume.length; i += 3) {
      this.#claim(consumer, resume[i] ?? 0, resume[i + 1] ?? 0, resume[i + 2] ?? 0)
    }
    this.wake()
  }

  /** What a consumer held before the failover it holds again, unless it was returned meanwhile. */
  #claim(consumer: Consumer, first: number, last: number, attempt: number): void {
    const end = Math.min(last, this.queue.mark)
    let offset = this.queue.nextLive(first)
    while (offset !== null && offset <= end) {
      if (this.queue.row(offset)?.attempt === attempt && !this.#held.has(offset)) {
        this.#held.set(offset, consumer)
        consumer.unsettled++
        this.#claimedEnd = Math.max(this.#claimedEnd, offset + 1)
      }
      offset = this.queue.nextLive(offset + 1)
    }
  }

  /** Ends a consumer; what it holds goes back through the log. */
  detach(consumer: Consumer): void {
    this.#consumers = this.#consumers.filter((other) => other !== consumer)
    const release: number[] = []
    for (const [offset, holder] of this.#held) {
      if (holder !== consumer) continue
      this.#held.set(offset, null)
      release.push(offset, offset, this.queue.row(offset)?.attempt ?? 0)
    }
    const command = this.#detachCommand(consumer.key, release)
    this.#core.shards.propose(this.group, command, () => undefined)
    this.wake()
  }

  #detachCommand(consumer: ConsumerKey, release: number[]): ShardCommand {
    return { type: 'detach-consumer', queue: this.queue.id, consumer, release }
  }

  /** Takes offsets out of the consumer's hands; false: it does not hold all of them. */
  release(consumer: Consumer, first: number, last: number): boolean {
    if (last - first >= limits.prefetchMax) return false
    for (let offset = first; offset <= last; offset++) {
      if (this.#held.get(offset) !== consumer) return false
    }
    for (let offset = first; offset <= last; offset++) this.#held.set(offset, null)
    consumer.unsettled -= last - first + 1
    return true
  }

  /** The log has settled or returned these offsets. */
  gone(first: number, last: number): void {
    if (last - first > this.#held.size) {
      for (const offset of this.#held.keys()) {
        if (offset >= first && offset <= last) this.#drop(offset)
      }
      return
    }
    for (let offset = first; offset <= last; offset++) this.#drop(offset)
  }

  #drop(offset: number): void {
    const holder = this.#held.get(offset)
    if (holder != null) holder.unsettled--
    this.#held.delete(offset)
  }

  /** The log put these offsets back to be delivered again. */
  returned(first: number, last: number): void {
    this.gone(first, last)
    const end = Math.min(last, this.#cursor - 1)
    for (let offset = first; offset <= end; offset++) this.#returned.push(offset)
    this.wake()
  }

  wake(): void {
    this.#core.deliveries.wake(this)
  }

  tick(): void {
    if (this.#phase === 'waiting') this.wake()
  }

  /** Ranges of what is held, flat, for a purge that must spare it. */
  heldRanges(): number[] {
    return flatRanges([...this.#held.keys()].sort((a, b) => a - b))
  }

  /** The mark this queue should have by now; null if the one it has will do. */
  wantedMark(): number | null {
    if (this.#consumers.length === 0) return null
    let prefetch = 0
    for (const consumer of this.#consumers) prefetch += consumer.prefetch
    const block = Math.min(limits.markBlockMax, Math.max(limits.markBlockMin, 2 * prefetch))
    const reached = Math.max(this.queue.mark, this.#markAsked)
    if (reached - this.#cursor >= block / 2) return null
    this.#markAsked = this.#cursor + block
    return this.#markAsked
  }

  /** Hands out what can be handed out. */
  dispatch(): void {
    if (this.#phase === 'waiting') this.#tryOpen()
    if (this.#phase !== 'open') return
    // A leader that was paused may be deposed without knowing: it hands out nothing until it is
    // heard.
    if (this.#core.groups.shard(this.group)?.hasLease !== true) return this.#retryLater()
    while (!this.#isReading) {
      const consumer = this.#nextConsumer()
      if (consumer === null || !this.#deliverTo(consumer)) return
    }
  }

  #retryLater(): void {
    if (this.#isRetrying) return
    this.#isRetrying = true
    this.#core.timers.after(times.tickMs, () => {
      this.#isRetrying = false
      this.wake()
    })
  }

  #tryOpen(): void {
    const attached = new Set(this.#consumers.map((consumer) => keyText(consumer.key)))
    const missing = [...this.queue.consumers.values()].filter((key) => !attached.has(keyText(key)))
    if (missing.length > 0 && this.#core.clock.nowMs < this.#graceUntilMs) return
    this.#phase = 'returning'
    const { shards } = this.#core
    for (const { session, tag } of missing) {
      const command = this.#detachCommand({ session, tag }, [])
      shards.propose(this.group, command, () => undefined)
    }
    const claimed = this.heldRanges()
    const command: ShardCommand = { type: 'return-unclaimed', queue: this.queue.id, claimed }
    const head = this.queue.nextLive(1)
    if (head === null || head > this.queue.mark) return this.#open()
    shards.propose(this.group, command, (reply) => {
      if (reply !== null) this.#open()
    })
  }

  #open(): void {
    this.#phase = 'open'
    this.wake()
  }

  #nextConsumer(): Consumer | null {
    const count = this.#consumers.length
    for (let i = 0; i < count; i++) {
      this.#turn = (this.#turn + 1) % count
      const consumer = this.#consumers[this.#turn]
      if (consumer !== undefined && creditOf(consumer) > 0) return consumer
    }
    return null
  }

  /** Delivers one run; false if nothing can be delivered now. */
  #deliverTo(consumer: Consumer): boolean {
    const credit = creditOf(consumer)
    const share = this.#consumers.length > 1 ? Math.min(credit, shareMax) : credit
    const back = this.#takeReturned()
    const first = back ?? this.#nextFresh()
    if (first === null) return false
    const isSingle = back !== null || first < this.#claimedEnd
    const { mark } = this.queue
    const run = this.queue.deliveryRun(first, isSingle ? 1 : share, limits.deliverBytesMax, mark)
    if (run === null) return false
    const data = this.#body(run)
    if (data === null) {
      if (back !== null) this.#returned.push(back)
      return false
    }
    if (back === null) this.#cursor = first + run.count
    this.#handOut(consumer, run, data)
    return true
  }

  #takeReturned(): number | null {
    for (;;) {
      const offset = this.#returned.pop()
      if (offset === undefined) return null
      if (this.queue.row(offset) !== null && !this.#held.has(offset)) return offset
    }
  }

  /** The next offset that was not handed out in this term, within the mark. */
  #nextFresh(): number | null {
    let offset = this.queue.nextLive(this.#cursor)
    while (offset !== null && offset < this.#claimedEnd && this.#held.has(offset)) {
      offset = this.queue.nextLive(offset + 1)
    }
    if (offset === null) {
      this.#cursor = Math.max(this.#cursor, this.queue.tail + 1)
      return null
    }
    this.#cursor = offset
    if (offset <= this.queue.mark) return offset
    this.#core.deliveries.wantMarks(this.group)
    return null
  }

  #body(run: DeliveryRun): Uint8Array | null {
    let isLater = false
    const data = this.#core.bodies.get(this.group, run.entry, () => {
      this.#isReading = false
      if (isLater) this.wake()
    })
    isLater = true
    if (data === null) this.#isReading = true
    return data
  }

  #handOut(consumer: Consumer, run: DeliveryRun, data: Uint8Array): void {
    const { firstOffset, count, attempt, deliveryCount } = run
    const { exchange, routingKey } = readSectionHeader(data, run.section)
    const blob = data.subarray(run.position, run.position + run.lengthBytes)
    const holder = consumer.autoAck ? null : consumer
    for (let i = 0; i < count; i++) this.#held.set(firstOffset + i, holder)
    if (!consumer.autoAck) consumer.unsettled += count
    const { counters } = this.#core
    counters.deliveredMessages += count
    if (attempt > 0) counters.redeliveredMessages += count
    consumer.session.deliver({
      consumer: consumer.number,
      exchange,
      routingKey,
      firstOffset,
      count,
      attempt,
      deliveryCount,
      blob
    })
    if (consumer.autoAck) this.#settleAutomatically(consumer, run)
  }

  /**
   * Auto-ack: delivered, then settled without waiting; what is not committed comes again, flagged.
   */
  #settleAutomatically(consumer: Consumer, run: DeliveryRun): void {
    const { firstOffset, count, attempt } = run
    const command: ShardCommand = {
      type: 'settle',
      queue: this.queue.id,
      consumer: consumer.key,
      outcome: 'accepted',
      ranges: [firstOffset, firstOffset + count - 1, attempt]
    }
    this.#core.shards.propose(this.group, command, (reply) => {
      if (reply !== null) this.gone(firstOffset, firstOffset + count - 1)
    })
  }
}

/** Ascending numbers as `[first, last, first, last, …]`. */
export function flatRanges(offsets: readonly number[]): number[] {
  const ranges: number[] = []
  for (const offset of offsets) {
    if (ranges.at(-1) === offset - 1) ranges[ranges.length - 1] = offset
    else ranges.push(offset, offset)
  }
  return ranges
}
