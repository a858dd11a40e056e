// The deliveries of all queues whose shards this node leads: who consumes, what is woken by what
// the log applied, and the dispatch marks that ride along with the next entry.
import type { Outcome, QueueView, SectionReply, ShardCommand, ShardEffect } from '@holdfast/broker'
import { encodeCommandSection } from '@holdfast/broker'
import { HoldfastError, type WireError } from '@holdfast/errors'
import type { SettleEvent } from '@holdfast/protocol'
import type { Core } from '../core.ts'
import { times } from '../limits.ts'
import type { GroupId } from '../log-store.ts'
import type { QueueCounts } from '../peers/peer-message.ts'
import { type Consumer, type ConsumerKey, checkCredible, keyText } from './consumer.ts'
import { QueueDelivery } from './queue-delivery.ts'
import { release } from './releasing.ts'
import type { Get } from './roster.ts'

export class Deliveries {
  readonly #core: Core
  readonly #shards = new Map<GroupId, Map<number, QueueDelivery>>()
  #awake: Set<QueueDelivery> = new Set()
  readonly #wantMarks = new Set<GroupId>()
  /** Queues that handed out something, or were attached to, since marks were last looked at. */
  readonly #moved = new Map<GroupId, Set<QueueDelivery>>()

  /** Consumers whose attachment is on its way through the log, by queue and key: how often. */
  readonly #expected = new Map<string, number>()

  constructor(core: Core) {
    this.#core = core
  }

  /** A queue of an earlier leadership may still have timers and reads: it hands out nothing. */
  wake(queue: QueueDelivery): void {
    if (this.#isCurrent(queue)) this.#awake.add(queue)
  }

  #isCurrent(delivery: QueueDelivery): boolean {
    return this.#shards.get(delivery.group)?.get(delivery.queue.id) === delivery
  }

  wantMarks(delivery: QueueDelivery): void {
    this.moved(delivery)
    this.#wantMarks.add(delivery.group)
  }

  moved(delivery: QueueDelivery): void {
    const moved = this.#moved.get(delivery.group)
    if (moved === undefined) this.#moved.set(delivery.group, new Set([delivery]))
    else moved.add(delivery)
  }

  /** This node began or ceased to lead the shard. Consumers of a lost one attach elsewhere. */
  leadershipChanged(group: GroupId, isLeading: boolean): void {
    const lost = this.#shards.get(group)
    this.#shards.delete(group)
    const leader = this.#core.reports.locate(group) ?? 0
    const error = new HoldfastError('NOT_LEADER', { group, leader }).toWire()
    for (const queue of lost?.values() ?? []) this.#cancelAll(queue, error)
    const machine = this.#core.groups.shardHost(group)?.machine
    if (!isLeading || machine === undefined) return
    this.#shards.set(group, new Map())
    for (const queue of machine.queues()) {
      if (queue.consumers.size > 0) this.open(group, queue)
      // Somebody may hold some of it whom the log does not know.
      else if (queue.hasReserved) this.open(group, queue).opening.waitOut()
    }
  }

  /** Begins to find out who holds what of a queue. */
  open(group: GroupId, queue: QueueView): QueueDelivery {
    const delivery = this.#delivery(group, queue)
    this.wake(delivery)
    return delivery
  }

  #cancelAll(queue: QueueDelivery, error: WireError): void {
    this.#awake.delete(queue)
    for (const { recipient, number } of queue.holders()) recipient.cancelled(number, error)
  }

  /** What was passed over, since it was due by a clock that was wrong, is looked at again. */
  rewind(group: GroupId): void {
    for (const delivery of this.#shards.get(group)?.values() ?? []) {
      delivery.next.rewind()
      delivery.wake()
    }
  }

  /** An attachment is proposed; what is returned is called when it is decided. */
  expect(group: GroupId, queue: number, key: ConsumerKey): () => void {
    const text = `${group}/${queue}/${keyText(key)}`
    this.#expected.set(text, (this.#expected.get(text) ?? 0) + 1)
    return () => {
      const left = (this.#expected.get(text) ?? 0) - 1
      if (left > 0) this.#expected.set(text, left)
      else this.#expected.delete(text)
    }
  }

  /** Whether the consumer is about to be attached again, on another connection. */
  expects(group: GroupId, queue: number, key: ConsumerKey): boolean {
    return this.#expected.has(`${group}/${queue}/${keyText(key)}`)
  }

  attach(
    group: GroupId,
    queueId: number,
    consumer: Consumer,
    resume: readonly number[] | null,
    isIdle = false
  ): boolean {
    const queue = this.#core.groups.shardHost(group)?.machine.queue(queueId)
    if (queue === undefined || !this.#shards.has(group)) return false
    const delivery = this.#delivery(group, queue)
    delivery.attach(consumer, resume, isIdle)
    this.wantMarks(delivery)
    return true
  }

  /** `done` is called when the log has it, unless this node ceases to lead the queue. */
  detach(group: GroupId, queueId: number, consumer: Consumer, done?: () => void): void {
    const delivery = this.#shards.get(group)?.get(queueId)
    if (delivery !== undefined) delivery.detach(consumer, done)
    else if (this.#shards.has(group)) done?.()
  }

  /** The same for the end of its deliveries: what it holds it keeps. */
  stop(group: GroupId, queueId: number, consumer: Consumer, done: () => void): void {
    const delivery = this.#shards.get(group)?.get(queueId)
    if (delivery !== undefined) delivery.stop(consumer, done)
    else if (this.#shards.has(group)) done()
  }

  /** Asks for one message, for a consumer that is attached. */
  get(group: GroupId, queueId: number, get: Get): void {
    const delivery = this.#shards.get(group)?.get(queueId)
    if (delivery !== undefined) delivery.get(get)
    // A queue that is led here no more may have messages: who asks is about to hear of that.
    else if (this.#shards.has(group)) get.answered(false)
  }

  /**
   * Counts of a queue as its leader knows them; null where this node does not lead it, or cannot
   * know whether it still does: what it has may be long out of date.
   */
  counts(group: GroupId, queueId: number): QueueCounts | null {
    const queue = this.#core.groups.shardHost(group)?.machine.queue(queueId)
    const deliveries = this.#shards.get(group)
    if (queue === undefined || deliveries === undefined) return null
    if (this.#core.groups.shard(group)?.hasLease !== true) return null
    const delivery = deliveries.get(queueId)
    const unsettled = delivery?.held.size ?? 0
    const ready = Math.max(0, queue.liveCount - unsettled)
    const consumers = delivery?.consumerCount ?? 0
    return { ready, unsettled, consumers, bytes: queue.bytes, deadLetters: queue.dead.count }
  }

  /**
   * A client settles deliveries: what it holds goes into the log, the rest is refused as stale.
   * @throws FRAME_INVALID for one that does nothing but name what it does not hold
   */
  settle(
    group: GroupId,
    queueId: number,
    consumer: Consumer,
    event: Pick<SettleEvent, 'settleSequence' | 'ranges'> & { readonly outcome: Outcome }
  ): void {
    const { settleSequence, outcome } = event
    const { recipient } = consumer
    const deliveries = this.#shards.get(group)
    // Whoever has attached here is about to hear that it has ended, and settles again elsewhere.
    if (deliveries === undefined) return
    const delivery = deliveries.get(queueId)
    if (delivery === undefined) return recipient.settleAnswered(settleSequence, false)
    checkCredible(consumer)
    const { ranges, named, taken } = release(delivery, consumer, event.ranges)
    delivery.wake()
    const answer = (isDone: boolean): void => {
      // What was settled before, on a link that broke, may be on its way through the log.
      delivery.whenDecided(event.ranges, () => recipient.settleAnswered(settleSequence, isDone))
    }
    if (ranges.length === 0) return answer(false)
    // Without an answer the client settles again where it attaches next.
    delivery.settle(consumer.key, outcome, ranges, (isStale) => {
      this.#core.counters.settledMessages += taken
      answer(taken === named && !isStale)
    })
  }

  /** Of the shards that this node leads, by queue. */
  get shards(): ReadonlyMap<GroupId, ReadonlyMap<number, QueueDelivery>> {
    return this.#shards
  }

  /** Attachments that are on their way through the log. */
  get expectedCount(): number {
    return this.#expected.size
  }

  /** Null: this node does not lead the queue, or nobody has attached to it. */
  find(group: GroupId, queueId: number): QueueDelivery | null {
    return this.#shards.get(group)?.get(queueId) ?? null
  }

  /** Proposes until the log has it, or this node leads the queue no more. */
  commit(
    delivery: QueueDelivery,
    command: ShardCommand,
    done: (reply: SectionReply) => void
  ): void {
    const again = (): void => {
      if (!this.#isCurrent(delivery)) return
      this.#core.timers.after(times.retryMs, () => {
        if (this.#isCurrent(delivery)) this.commit(delivery, command, done)
      })
    }
    const isTaken = this.#core.shards.propose(delivery.group, command, (reply) => {
      if (reply === null) again()
      else done(reply)
    })
    if (!isTaken) again()
  }

  /** What an entry changed, on the leader and on followers alike; only a leader has deliveries. */
  applied(group: GroupId, effects: readonly ShardEffect[]): void {
    const deliveries = this.#shards.get(group)
    if (deliveries === undefined) return
    for (const effect of effects) this.#effect(deliveries, effect)
  }

  #effect(deliveries: Map<number, QueueDelivery>, effect: ShardEffect): void {
    switch (effect.type) {
      case 'published':
        deliveries.get(effect.queue)?.arrived(effect.first, effect.last)
        return
      case 'reserved':
        return deliveries.get(effect.queue)?.reserved(effect.ranges)
      case 'left':
        // In a transaction nothing else tells who holds what came back too often.
        if (effect.reason === 'delivery_limit') deliveries.get(effect.queue)?.gone(effect.ranges, 2)
        return
      case 'returned':
        deliveries.get(effect.queue)?.returned(effect.ranges)
        return
      case 'marks-advanced':
        for (const { queue } of effect.marks) deliveries.get(queue)?.wake()
        return
      case 'consumer-activated':
        deliveries.get(effect.queue)?.wake()
        return
      case 'queue-deleted': {
        const delivery = deliveries.get(effect.queue)
        if (delivery === undefined) return
        deliveries.delete(effect.queue)
        delivery.deleted()
        const { vhost, name } = delivery.queue
        const error = new HoldfastError('QUEUE_NOT_FOUND', { queue: name, vhost })
        return this.#cancelAll(delivery, error.toWire())
      }
      default:
    }
  }

  /** Marks that should advance, as one command; null if none. */
  takeMarks(group: GroupId): ShardCommand | null {
    this.#wantMarks.delete(group)
    const moved = this.#moved.get(group)
    if (moved === undefined || moved.size === 0) return null
    const marks: { queue: number; mark: number }[] = []
    for (const delivery of moved) {
      const mark = this.#isCurrent(delivery) ? delivery.wantedMark() : null
      if (mark !== null) marks.push({ queue: delivery.queue.id, mark })
    }
    moved.clear()
    return marks.length === 0 ? null : { type: 'advance-marks', marks }
  }

  flush(): boolean {
    if (this.#awake.size === 0 && this.#wantMarks.size === 0) return false
    const awake = this.#awake
    this.#awake = new Set()
    for (const queue of awake) queue.dispatch()
    for (const group of [...this.#wantMarks]) {
      const marks = this.takeMarks(group)
      if (marks === null) continue
      this.#core.groups.shard(group)?.offer(encodeCommandSection(marks), () => undefined)
    }
    return true
  }

  tick(groups: Iterable<GroupId> = this.#shards.keys()): void {
    for (const group of groups) {
      for (const delivery of this.#shards.get(group)?.values() ?? []) delivery.tick()
    }
  }

  #delivery(group: GroupId, queue: QueueView): QueueDelivery {
    const deliveries = this.#shards.get(group) ?? new Map<number, QueueDelivery>()
    this.#shards.set(group, deliveries)
    let delivery = deliveries.get(queue.id)
    if (delivery === undefined) {
      delivery = new QueueDelivery(this.#core, group, queue)
      deliveries.set(queue.id, delivery)
    }
    return delivery
  }
}
