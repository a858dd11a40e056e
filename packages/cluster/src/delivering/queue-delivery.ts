// Deliveries of one queue, at the leader of its shard (architecture: deliveries are the leader's
// business). Who holds what is known here only; what is settled or comes back goes through the log.
import type { DeliveryRun, Outcome, QueueView } from '@holdfast/broker'
import type { Core } from '../core.ts'
import { times } from '../limits.ts'
import type { GroupId } from '../log-store.ts'
import type { Body } from './bodies.ts'
import { type Consumer, type ConsumerKey, creditOf } from './consumer.ts'
import { deliveryOrder } from './delivery-order.ts'
import { DispatchMark } from './dispatch-mark.ts'
import { handOut } from './handing-out.ts'
import { type ClaimedRange, HeldDeliveries } from './held-deliveries.ts'
import type { NextMessages } from './next-messages.ts'
import { Opening } from './opening.ts'
import type { Reservation } from './reserving.ts'
import { type Get, Roster } from './roster.ts'
import { type Commit, Settling } from './settling.ts'

export class QueueDelivery {
  readonly queue: QueueView
  readonly group: GroupId
  readonly opening: Opening
  readonly next: NextMessages
  readonly #core: Core
  readonly #roster: Roster
  readonly #held: HeldDeliveries
  readonly #mark: DispatchMark
  readonly #settling: Settling
  readonly #reserving: Reservation | null
  #isReading = false
  #isRetrying = false

  constructor(core: Core, group: GroupId, queue: QueueView) {
    this.#core = core
    this.group = group
    this.queue = queue
    this.#roster = new Roster(queue)
    this.#held = new HeldDeliveries(queue)
    this.#mark = new DispatchMark(core.tuning.markBlockMin)
    const commit: Commit = (command, done) => core.deliveries.commit(this, command, done)
    this.#settling = new Settling(queue, this.#held, commit)
    const [roster, held] = [this.#roster, this.#held]
    const order = deliveryOrder({ queue, held, roster, commit, decided: () => this.wake() })
    this.next = order.next
    this.#reserving = order.reserving
    const opens = { group, queue, roster, held, commit, opened: () => this.wake() }
    this.opening = new Opening(core, opens)
  }

  get held(): HeldDeliveries {
    return this.#held
  }

  get consumerCount(): number {
    return this.#roster.consumers.length
  }

  /** Whoever may hold deliveries. */
  holders(): readonly Consumer[] {
    return this.#roster.all
  }

  /** `isIdle`: it gets nothing but what it asks for; the log does not know it. */
  attach(consumer: Consumer, resume: readonly number[] | null, isIdle = false): void {
    const former = this.#roster.find(consumer.key)
    if (former !== null) this.#roster.remove(former)
    if (isIdle) this.#roster.hold(consumer)
    else this.#roster.add(consumer)
    for (let i = 0; resume !== null && i + 2 < resume.length; i += 3) {
      const [first = 0, last = 0, attempt = 0] = resume.slice(i, i + 3)
      this.#held.claim(consumer, former, { first, last, attempt })
    }
    if (former !== null) {
      former.recipient.replaced(former.number)
      // A client is back before its old connection ended, which counts; or it never went, and what
      // it did not claim was lost on the way to it.
      this.#giveBack(former, former.recipient.isRelayed ? 'unseen' : 'released')
    }
    this.wake()
  }

  #giveBack(consumer: Consumer, outcome: 'released' | 'unseen', done?: () => void): void {
    this.#settling.giveBack(consumer.key, outcome, this.#held.takeAll(consumer), done)
  }

  /** Ends a consumer; what it holds goes back through the log. */
  detach(consumer: Consumer, done: () => void = () => undefined): void {
    const isActive = this.#roster.has(consumer)
    // Another connection of the same consumer may have taken its place, and stays.
    if (!this.#roster.remove(consumer)) return done()
    // The log has its new attachment before the end of this one, which must not end both.
    const isBack = this.#core.deliveries.expects(this.group, this.queue.id, consumer.key)
    if (isBack || !isActive) this.#giveBack(consumer, 'released', done)
    else this.#settling.detach(consumer.key, this.#held.takeAll(consumer), done)
    this.wake()
  }

  /** A consumer gets no more, and holds what it has; the log does not know it any longer. */
  stop(consumer: Consumer, done: () => void): void {
    if (!this.#roster.has(consumer)) return done()
    this.#roster.hold(consumer)
    this.#settling.detach(consumer.key, [], done)
    this.wake()
  }

  /** Hands out one message to who asks for it. */
  get(get: Get): void {
    this.#roster.ask(get)
    this.wake()
  }

  /** Its messages are gone, and whoever asks for one gets none. */
  deleted(): void {
    this.#roster.endAll()
  }

  /** Takes deliveries out of the consumer's hands, as far as it holds them. */
  release(consumer: Consumer, range: ClaimedRange): readonly ClaimedRange[] {
    return this.#held.take(consumer, range)
  }

  /** Calls `done` when the log decides on none of these; never, if this node leads no more. */
  whenDecided(ranges: readonly number[], done: () => void): void {
    this.#held.whenDecided(ranges, done)
  }

  /** Ends what was released; `isStale`: some were nobody's any more. */
  settle(
    consumer: ConsumerKey,
    outcome: Outcome,
    ranges: readonly number[],
    done: (isStale: boolean) => void = () => undefined
  ): void {
    this.#settling.settle(consumer, outcome, ranges, done)
  }

  /** These are gone, whoever held them: pairs, or triples of which the ends come first. */
  gone(ranges: readonly number[], length: 2 | 3): void {
    this.#held.gone(ranges, length)
    this.wake()
  }

  /** The log put these offsets back to be delivered again: pairs. */
  returned(ranges: readonly number[]): void {
    this.#held.gone(ranges, 2)
    this.reserved(ranges)
  }

  /** Messages have come. */
  arrived(first: number, last: number): void {
    this.next.arrived(first, last)
    this.wake()
  }

  /** The log has reserved these for consumers: pairs. */
  reserved(ranges: readonly number[]): void {
    for (let at = 0; at < ranges.length; at += 2) {
      this.next.returned(ranges[at] ?? 0, ranges[at + 1] ?? 0)
    }
    this.wake()
  }

  /** Whether a message is in somebody's hands, or may be since not all of them are known yet. */
  mayBeHeld(offset: number): boolean {
    if (offset > this.queue.mark || !this.queue.isOut(offset)) return false
    return !this.opening.hasOpened || this.#held.has(offset)
  }

  wake(): void {
    this.#core.deliveries.wake(this)
  }

  tick(): void {
    if (this.opening.isWaiting) this.wake()
  }

  /** The mark this queue should have by now; null if the one it has will do. */
  wantedMark(): number | null {
    if (this.#reserving !== null) return null
    const { nowMs } = this.#core.clock
    return this.#mark.wanted(this.queue.mark, this.next.cursor, this.#roster.takers, nowMs)
  }

  /** Hands out what can be handed out. */
  dispatch(): void {
    this.next.judge.judgeBy(this.#core.expiry.judgeBy(this.group))
    this.#handOutAll()
    this.next.judge.judged()
    if (this.opening.hasOpened) this.#reserving?.adjust()
  }

  get #limit(): number {
    return this.#reserving?.limit ?? this.queue.mark
  }

  #handOutAll(): void {
    if (!this.opening.isOpen) return
    // A leader that was paused may be deposed without knowing, and hands out nothing.
    if (this.#core.groups.shard(this.group)?.hasLease !== true) return this.#retryLater()
    while (!this.#isReading) {
      // Consumers come first, as in RabbitMQ: who asks gets what is left over.
      const isDone = this.#deliverToNext() || (!this.#isReading && this.#serve())
      if (!isDone) return
    }
  }

  #deliverToNext(): boolean {
    const consumer = this.#roster.next()
    if (consumer === null) return false
    const share = this.#roster.shareOf(this.queue.liveCount - this.#held.size)
    const isDone = this.#deliverTo(consumer, Math.min(creditOf(consumer), share))
    if (isDone) this.#roster.served()
    return isDone
  }

  /** False: it has to wait, or nobody asks. */
  #serve(): boolean {
    const get = this.#roster.firstGet
    if (get === null) return false
    const { unsettled } = get.consumer
    const isDone = this.#deliverTo(get.consumer, 1)
    const isFound = get.consumer.unsettled > unsettled
    if (isFound || this.next.isEmpty) this.#roster.end(get, isFound)
    return isDone || this.next.isEmpty
  }

  #retryLater(): void {
    if (this.#isRetrying) return
    this.#isRetrying = true
    this.#core.timers.after(times.tickMs, () => {
      this.#isRetrying = false
      this.wake()
    })
  }

  /** Delivers one run; false if nothing can be delivered now. */
  #deliverTo(consumer: Consumer, share: number): boolean {
    const back = this.next.takeReturned()
    const first = back ?? this.#nextFresh()
    if (first === null) return false
    const { deliverBytesMax } = this.#core.tuning
    const judgeMs = this.next.judge.msAt(first)
    const count = back !== null || first < this.#held.claimedEnd ? 1 : share
    const run = this.queue.deliveryRun(first, count, deliverBytesMax, this.#limit, judgeMs)
    if (run === null) return false
    const data = this.#body(run)
    if (data === 'reading') {
      if (back !== null) this.next.giveBack(back)
      return false
    }
    if (back === null) this.next.passed(first + run.count)
    // What is lost waits for its body beside the queue, and what is behind it goes on.
    if (data !== 'lost') this.#handOut(consumer, run, data)
    return true
  }

  /** The next offset that was not handed out in this term, within the mark. */
  #nextFresh(): number | null {
    const offset = this.next.nextFresh()
    if (offset === null || offset <= this.#limit) return offset
    if (this.#reserving !== null) return null
    this.#core.deliveries.wantMarks(this)
    // The command may be lost; only whoever waits for it asks again.
    this.#retryLater()
    return null
  }

  #body(run: DeliveryRun): Body {
    let [body, isLater]: [Body, boolean] = ['reading', false]
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
    for (let at = 0; at < count; at++) this.next.giveBack(firstOffset + at)
    this.wake()
  }

  #handOut(consumer: Consumer, run: DeliveryRun, data: Uint8Array): void {
    this.#held.add(run.firstOffset, run.count, consumer.autoAck ? null : consumer)
    this.#core.deliveries.moved(this)
    handOut(this.#core, this, consumer, run, data)
    if (!consumer.autoAck) return
    // Settled without waiting: what is not committed comes again, flagged.
    const { firstOffset, count, attempt } = run
    this.settle(consumer.key, 'accepted', [firstOffset, firstOffset + count - 1, attempt])
  }
}
