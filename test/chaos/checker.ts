// Judges a history: no loss, no invention, no altered byte, order per publisher and queue,
// duplicates only where flagged, one outcome per publish, nothing delivered after its settlement
// was committed. Events are pushed in the order of time; each costs O(1), memory about 40 bytes a
// message. The statements are those of `docs/architecture.md`, "What is promised".
import { unreachable } from '@holdfast/errors'
import { ApplicationErrors } from './application-errors.ts'
import { Attachments } from './attachments.ts'
import { DeliveryOrder } from './delivery-order.ts'
import type { HistoryEvent } from './history.ts'
import { finishPublisher, type LostByQueue, sumOf } from './loss.ts'
import {
  confirmed,
  DeliveryTable,
  failed,
  finished,
  invoked,
  MessageTable,
  noQueue,
  unflagged,
  unknown
} from './message-table.ts'
import { OffsetTable } from './offset-table.ts'
import { type Report, Violations } from './violations.ts'

export interface CheckerOptions {
  /** Whether each queue has one consumer at a time; see `DeliveryOrder`. */
  readonly isStrict: boolean
  /** What was found elsewhere; what is found here is added. */
  readonly violations?: Violations
}

type Deliver = Extract<HistoryEvent, { type: 'deliver' }>
type Invoke = Extract<HistoryEvent, { type: 'invoke' }>

const sequenceMax = 2 ** 32 - 1

export class Checker {
  readonly #violations: Violations
  readonly #messages = new Map<number, MessageTable>()
  readonly #consumers = new Map<number, DeliveryTable>()
  readonly #queues = new Map<string, number>()
  readonly #queueNames: string[] = []
  readonly #order: DeliveryOrder
  readonly #offsets = new OffsetTable()
  readonly #attachments = new Attachments()
  readonly #counts = { confirmed: 0, failed: 0, unknown: 0, deliveries: 0, duplicates: 0 }
  readonly #application = new ApplicationErrors()
  #flaggedFirst = 0
  #stale = 0
  #lastAt = 0

  constructor(options: CheckerOptions) {
    this.#violations = options.violations ?? new Violations()
    this.#order = new DeliveryOrder(options.isStrict)
  }

  push(event: HistoryEvent): void {
    if (event.at < this.#lastAt) this.#violations.add('malformed', `time goes back at ${event.at}`)
    this.#lastAt = event.at
    switch (event.type) {
      case 'invoke':
        this.#invoke(event)
        break
      case 'ok':
        this.#outcome(event.publisher, event.sequence, confirmed)
        break
      case 'fail':
        this.#outcome(event.publisher, event.sequence, failed)
        break
      case 'info':
        this.#outcome(event.publisher, event.sequence, unknown)
        break
      case 'deliver':
        this.#deliver(event)
        break
      case 'settle':
        this.#settle(event.consumer, event.delivery, event.outcome !== 'released')
        break
      case 'settled':
        this.#settled(event.consumer, event.count)
        break
      case 'settle-failed':
        this.#stale += 1
        this.#consumer(event.consumer).doubt(this.#queue(event.queue))
        break
      case 'attached':
        this.#attachments.attach(event.consumer, event.queue)
        break
      case 'error':
      case 'fault':
        this.#application.push(event)
        break
      case 'connecting':
        this.#order.connecting(event)
        break
      case 'lost':
      case 'member-invoke':
      case 'member-ok':
      case 'member-info':
        break
      default:
        unreachable(event)
    }
  }

  #table(publisher: number): MessageTable {
    const table = this.#messages.get(publisher) ?? new MessageTable()
    this.#messages.set(publisher, table)
    return table
  }

  #consumer(consumer: number): DeliveryTable {
    const table = this.#consumers.get(consumer) ?? new DeliveryTable()
    this.#consumers.set(consumer, table)
    return table
  }

  #queue(name: string): number {
    let queue = this.#queues.get(name)
    if (queue === undefined) {
      queue = this.#queueNames.push(name) - 1
      this.#queues.set(name, queue)
    }
    return queue
  }

  #invoke(event: Invoke): void {
    const { publisher, sequence } = event
    const table = this.#table(publisher)
    if (sequence !== table.last + 1 && !(sequence <= table.last && !table.has(sequence, invoked))) {
      const gap = `publisher ${publisher} invokes ${sequence} after ${table.last}`
      this.#violations.add('malformed', gap)
      if (sequence < 1 || sequence > table.last + 1) return
    }
    table.reach(sequence)
    if (table.queues[sequence] !== noQueue) return
    table.set(sequence, invoked)
    table.queues[sequence] = this.#queue(event.queue)
    table.sizes[sequence] = event.size
    table.hashes[sequence] = event.hash
    table.invokedAt[sequence] = event.at
  }

  #outcome(publisher: number, sequence: number, outcome: number): void {
    const table = this.#table(publisher)
    const name = `${publisher}-${sequence}`
    if (!table.has(sequence, invoked)) {
      this.#violations.add('confirmed-unpublished', name)
      return
    }
    const before = (table.flags[sequence] ?? 0) & (confirmed | failed | unknown)
    if (before !== 0) {
      const isRepeat = before === outcome
      this.#violations.add(isRepeat ? 'confirmed-twice' : 'outcome-conflict', name)
      return
    }
    table.set(sequence, outcome)
    if (outcome === confirmed) this.#counts.confirmed += 1
    else if (outcome === failed) this.#counts.failed += 1
    else this.#counts.unknown += 1
  }

  #deliver(event: Deliver): void {
    const { publisher, sequence, consumer } = event
    const name = `${publisher}-${sequence} in ${event.queue}`
    const deliveries = this.#consumer(consumer)
    deliveries.add(publisher, sequence, this.#queue(event.queue))
    this.#counts.deliveries += 1
    if (event.delivery !== deliveries.last) {
      this.#violations.add('malformed', `consumer ${consumer} skips to delivery ${event.delivery}`)
    }
    const table = this.#messages.get(publisher)
    if (table === undefined || sequence > sequenceMax || !table.has(sequence, invoked)) {
      this.#violations.add('invented', `${name}: never published`)
      return
    }
    const queue = this.#queue(event.queue)
    if (table.queues[sequence] !== queue) {
      const meant = this.#queueNames[table.queues[sequence] ?? 0]
      this.#violations.add('invented', `${name}: published to ${meant}`)
      return
    }
    if (table.has(sequence, failed)) this.#violations.add('invented', `${name}: it had failed`)
    if (table.sizes[sequence] !== event.size || table.hashes[sequence] !== event.hash) {
      const sizes = `${table.sizes[sequence]} bytes became ${event.size}`
      this.#violations.add('altered', `${name}: ${sizes}`)
    }
    this.#checkRepeat(event, table, name)
    this.#checkHeld(event, table, name)
    this.#checkOffset(event, table, name)
  }

  /** Order of first deliveries; flags and counts of later ones. */
  #checkRepeat(event: Deliver, table: MessageTable, name: string): void {
    const { sequence, consumer, redelivered, deliveryCount } = event
    const before = table.deliveries[sequence] ?? 0
    if (before === 0) {
      if (redelivered) this.#flaggedFirst += 1
      this.#checkOrder(event, table, name)
    } else {
      this.#counts.duplicates += 1
      // An unflagged delivery may reach one consumer late, when another already has the next
      // attempt.
      const isLate = !table.has(sequence, unflagged) && table.consumers[sequence] !== consumer
      if (!redelivered && !isLate) this.#violations.add('unflagged-duplicate', name)
    }
    if (table.has(sequence, finished)) this.#violations.add('delivered-after-settlement', name)
    if (!redelivered) {
      table.set(sequence, unflagged)
      if (deliveryCount > 0) this.#violations.add('count-without-flag', name)
    }
    const isSameConsumer = before > 0 && table.consumers[sequence] === consumer
    if (isSameConsumer && deliveryCount < (table.counts[sequence] ?? 0)) {
      this.#violations.add('count-fell', `${name}: ${table.counts[sequence]} to ${deliveryCount}`)
    }
    table.counts[sequence] = Math.max(table.counts[sequence] ?? 0, deliveryCount)
    table.consumers[sequence] = consumer
    table.deliveries[sequence] = Math.min(before + 1, 65_535)
  }

  #checkOrder(event: Deliver, table: MessageTable, name: string): void {
    // What timed out may appear later, or never: no order is promised for it.
    if (table.has(event.sequence, unknown)) return
    const later = this.#order.laterOne(event)
    if (later === null) return
    this.#violations.add('out-of-order', `${name} after ${event.publisher}-${later}`)
  }

  #checkOffset(event: Deliver, table: MessageTable, name: string): void {
    const { offset, publisher, sequence } = event
    if (offset === null) return
    const known = table.offsets[sequence] ?? Number.NaN
    if (!Number.isNaN(known) && known !== offset) {
      this.#violations.add('stored-twice', `${name} at ${known} and ${offset}`)
    }
    table.offsets[sequence] = offset
    const other = this.#offsets.note(event.queue, offset, { publisher, sequence })
    if (other === null) return
    const there = `${other.publisher}-${other.sequence}`
    this.#violations.add('offset-conflict', `${name} at ${offset}, where ${there} was`)
  }

  /** Nobody is given what it already has, unless it had to attach again meanwhile. */
  #checkHeld(event: Deliver, table: MessageTable, name: string): void {
    const { sequence, consumer, queue } = event
    const hold = this.#attachments.current(consumer, queue)
    if (hold > 0 && table.holds[sequence] === hold) {
      this.#violations.add('delivered-while-held', `${name} at consumer ${consumer}`)
    }
    table.holds[sequence] = hold
  }

  #settle(consumer: number, delivery: number, isFinal: boolean): void {
    const deliveries = this.#consumer(consumer)
    const [publisher, sequence] = deliveries.messageOf(delivery)
    const table = this.#messages.get(publisher)
    if (table !== undefined) table.holds[sequence] = 0
    if (deliveries.settle(delivery, isFinal)) return
    const what = `consumer ${consumer} settles delivery ${delivery}`
    this.#violations.add('malformed', `${what}, unknown or settled before`)
  }

  #settled(consumer: number, count: number): void {
    const isKnown = this.#consumer(consumer).commit(count, (publisher, sequence) => {
      this.#messages.get(publisher)?.set(sequence, finished)
    })
    if (isKnown) return
    this.#violations.add('malformed', `consumer ${consumer}: ${count} settled of fewer`)
  }

  /** Looks for what never came. Call once, after the last event. */
  finish(): Report {
    const totals = { invoked: 0, unconfirmedDelivered: 0 }
    const lost: LostByQueue = new Map()
    this.#offsets.finish(this.#violations)
    for (const [publisher, table] of this.#messages) {
      finishPublisher({ publisher, table, queues: this.#queueNames }, lost, this.#violations)
      for (let sequence = 1; sequence <= table.last; sequence += 1) {
        if (!table.has(sequence, invoked)) continue
        totals.invoked += 1
        const isDelivered = (table.deliveries[sequence] ?? 0) > 0
        if (isDelivered && !table.has(sequence, confirmed)) totals.unconfirmedDelivered += 1
      }
    }
    return {
      ...totals,
      ...this.#counts,
      flaggedFirst: this.#flaggedFirst,
      lost: sumOf(lost),
      lostByQueue: Object.fromEntries(lost),
      staleSettlements: this.#stale,
      ...this.#application.counts(),
      violations: this.#violations.all(),
      isSound: this.#violations.total === 0
    }
  }
}
