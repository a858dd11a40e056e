// Deliveries of one queue, at the leader of its shard (architecture: deliveries are the leader's
// business). Who holds what is known here only; what is settled or comes back goes through the log.
// After an election nothing is handed out until the consumers that the log knows are back with what
// they hold, or a grace has ended; then what nobody claimed is returned, flagged, by one committed
// command.
import type { DeliveryRun, Outcome, QueueView, SectionReply, ShardCommand } from '@holdfast/broker'
import { readSectionHeader } from '@holdfast/broker'
import { tellHandedOut } from '../audit-calls.ts'
import type { Core } from '../core.ts'
import { times } from '../limits.ts'
import type { GroupId } from '../log-store.ts'
import type { Body } from './bodies.ts'
import { type Consumer, type ConsumerKey, creditOf, keyText } from './consumer.ts'
import { DispatchMark } from './dispatch-mark.ts'
import { type ClaimedRange, HeldDeliveries } from './held-deliveries.ts'
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
  readonly #held: HeldDeliveries
  readonly #returned = new OffsetHeap()
  /** No offset from here on was handed out in this term. */
  #cursor = 1
  readonly #mark: DispatchMark
  #isReading = false
  #isRetrying = false

  constructor(core: Core, group: GroupId, queue: QueueView) {
    this.#core = core
    this.group = group
    this.queue = queue
    this.#held = new HeldDeliveries(queue)
    this.#mark = new DispatchMark(core.tuning.markBlockMin)
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
    const key = keyText(consumer.key)
    const former = this.#consumers.find((other) => keyText(other.key) === key) ?? null
    this.#consumers = this.#consumers.filter((other) => other !== former)
    this.#consumers.push(consumer)
    for (let i = 0; resume !== null && i + 2 < resume.length; i += 3) {
      const [first = 0, last = 0, attempt = 0] = resume.slice(i, i + 3)
      this.#held.claim(consumer, former, { first, last, attempt })
    }
    if (former !== null) {
      former.session.consumers.delete(former.number)
      this.#giveBack(former)
    }
    this.wake()
  }

  /** The client is back before its old connection ended: what it did not claim goes back. */
  #giveBack(consumer: Consumer): void {
    const ranges = this.#held.takeAll(consumer)
    if (ranges.length > 0) this.#settle(consumer.key, 'released', ranges)
  }

  /** Ends a consumer; what it holds goes back through the log. */
  detach(consumer: Consumer): void {
    // Another connection of the same consumer may have taken its place, and stays.
    if (!this.#consumers.includes(consumer)) return
    this.#consumers = this.#consumers.filter((other) => other !== consumer)
    // The log has its new attachment before the end of this one, which must not end both.
    const isBack = this.#core.deliveries.expects(this, consumer.key)
    if (isBack) this.#giveBack(consumer)
    else {
      const held = this.#held.takeAll(consumer)
      this.#commit(this.#detachCommand(consumer.key, held), () => this.decided(held))
    }
    this.wake()
  }

  /** Sees to it that the log takes a command, for as long as this node leads the queue. */
  #commit(command: ShardCommand, done: (reply: SectionReply) => void = () => undefined): void {
    this.#core.deliveries.commit(this, command, done)
  }

  #detachCommand(consumer: ConsumerKey, release: number[]): ShardCommand {
    return { type: 'detach-consumer', queue: this.queue.id, consumer, release }
  }

  /** Takes deliveries out of the consumer's hands, as far as it holds them. */
  release(consumer: Consumer, range: ClaimedRange): readonly ClaimedRange[] {
    return this.#held.take(consumer, range)
  }

  /** The log has decided on what was taken of these ranges: a purge may have come before it. */
  decided(ranges: readonly number[]): void {
    for (let i = 0; i + 2 < ranges.length; i += 3) {
      this.#held.decided(ranges[i] ?? 0, ranges[i + 1] ?? 0)
    }
  }

  /** The log put these offsets back to be delivered again. */
  returned(first: number, last: number): void {
    this.#held.gone(first, last)
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
    return this.#held.ranges()
  }

  /** The mark this queue should have by now; null if the one it has will do. */
  wantedMark(): number | null {
    const { nowMs } = this.#core.clock
    return this.#mark.wanted(this.queue.mark, this.#cursor, this.#consumers, nowMs)
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
    for (const { session, tag } of missing) {
      this.#commit(this.#detachCommand({ session, tag }, []))
    }
    const claimed = this.heldRanges()
    const command: ShardCommand = { type: 'return-unclaimed', queue: this.queue.id, claimed }
    const head = this.queue.nextLive(1)
    if (head === null || head > this.queue.mark) return this.#open()
    this.#commit(command, () => this.#open())
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
    const isSingle = back !== null || first < this.#held.claimedEnd
    const { mark } = this.queue
    const { deliverBytesMax } = this.#core.tuning
    const run = this.queue.deliveryRun(first, isSingle ? 1 : share, deliverBytesMax, mark)
    if (run === null) return false
    const data = this.#body(run)
    if (data === 'reading') {
      if (back !== null) this.#returned.push(back)
      return false
    }
    if (back === null) this.#cursor = first + run.count
    // What is lost waits for its body beside the queue, and what is behind it goes on.
    if (data !== 'lost') this.#handOut(consumer, run, data)
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
    while (offset !== null && offset < this.#held.claimedEnd && this.#held.has(offset)) {
      offset = this.queue.nextLive(offset + 1)
    }
    if (offset === null) {
      this.#cursor = Math.max(this.#cursor, this.queue.tail + 1)
      return null
    }
    this.#cursor = offset
    if (offset <= this.queue.mark) return offset
    this.#core.deliveries.wantMarks(this)
    // The command may be lost; only whoever waits for it asks again.
    this.#retryLater()
    return null
  }

  #body(run: DeliveryRun): Body {
    let body: Body = 'reading'
    let isLater = false
    body = this.#core.bodies.get(this.group, run.entry, () => {
      if (body === 'lost') return this.#found(run)
      this.#isReading = false
      if (isLater) this.wake()
    })
    isLater = true
    if (body === 'reading') this.#isReading = true
    return body
  }

  /** The body of a run that was passed over is there after all. */
  #found({ firstOffset, count }: DeliveryRun): void {
    for (let at = 0; at < count; at++) this.#returned.push(firstOffset + at)
    this.wake()
  }

  #handOut(consumer: Consumer, run: DeliveryRun, data: Uint8Array): void {
    const { firstOffset, count, attempt, deliveryCount } = run
    const { exchange, routingKey } = readSectionHeader(data, run.section)
    const blob = data.subarray(run.position, run.position + run.lengthBytes)
    this.#held.add(firstOffset, count, consumer.autoAck ? null : consumer)
    tellHandedOut(this.#core, this.group, { queue: this.queue, run })
    const { counters } = this.#core
    counters.deliveredMessages += count
    if (attempt > 0) counters.redeliveredMessages += count
    this.#core.deliveries.moved(this)
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
    this.#settle(consumer.key, 'accepted', [firstOffset, firstOffset + count - 1, attempt])
  }

  #settle(consumer: ConsumerKey, outcome: Outcome, ranges: readonly number[]): void {
    const { id: queue } = this.queue
    const command: ShardCommand = { type: 'settle', queue, consumer, outcome, ranges }
    this.#commit(command, () => this.decided(ranges))
  }
}
