// What leaders hand out: never above the dispatch mark, and each attempt of a message once. An
// attempt ends through the log, which counts it, so a second hand-over for the same attempt would
// be a message in two hands, or a repeat without a flag (architecture, A8). What comes back by a
// consumer's doing was handed out before.
import {
  type DeliveryRun,
  noDeadlineMs,
  type QueueSettings,
  type QueueView,
  type ShardEffect,
  type ShardMachine
} from '@holdfast/broker'
import type { Report } from './checks.ts'
import { LogTime } from './log-time.ts'
import { forEachOffset } from './reference-replies.ts'
import type { ReferenceQueue } from './reference-types.ts'
import { ReturnedFirst } from './returned-first.ts'

interface HandedOutQueue extends Pick<QueueView, 'id' | 'mark' | 'row' | 'isOut' | 'nextLive'> {
  readonly settings: Pick<QueueSettings, 'maxPriority'>
}

type HandedOutRun = Pick<DeliveryRun, 'firstOffset' | 'count' | 'attempt' | 'deliveryCount'>

interface HandOver {
  readonly attempt: number
  readonly by: string
  /** Hand-overs of the message, this one included. */
  readonly times: number
}

export class DeliveryLedger {
  readonly #name: string
  readonly #report: Report
  readonly #nowMs: () => number
  /** By replica. */
  readonly #logTimes = new Map<number, LogTime>()
  readonly #returnedFirst = new ReturnedFirst()
  /** Bodies were lost: what waits for one is passed over. */
  mayPassOver = false
  /** By queue and offset. */
  readonly #handedOut = new Map<number, Map<number, HandOver>>()

  constructor(name: string, report: Report, nowMs: () => number) {
    this.#name = name
    this.#nowMs = nowMs
    this.#report = report
  }

  /** `known`: the queue as it was committed last, anywhere. */
  givenTo(queue: number, to: string, known: ReferenceQueue | undefined): void {
    if (known?.settings.singleActive !== true || known.active === to) return
    const what = `${queue} gives messages to ${to}, and ${known.active} is active`
    this.#report('single-active', `${this.#name}: ${what}`)
  }

  /** A replica has applied an entry. */
  applied(
    replica: number,
    term: number,
    machine: Pick<ShardMachine, 'queue' | 'timeMs'>,
    effects: readonly ShardEffect[]
  ): void {
    const logTime = this.#logTimes.get(replica) ?? new LogTime()
    this.#logTimes.set(replica, logTime)
    logTime.applied(machine.timeMs, this.#nowMs())
    this.#returnedFirst.applied(term, effects)
    this.#checkLeft(machine, effects)
  }

  handedOut(
    leader: { readonly replica: number; readonly term: number; readonly latestTerm: number },
    queue: HandedOutQueue,
    { firstOffset, count, attempt, deliveryCount }: HandedOutRun
  ): void {
    const by = `${leader.replica} in term ${leader.term}`
    const last = firstOffset + count - 1
    if (leader.term < leader.latestTerm) {
      const what = `${queue.id}/${firstOffset} is handed out by ${by}`
      this.#report('lease', `${this.#name}: ${what}, there is one in term ${leader.latestTerm}`)
    }
    if (last > queue.mark) {
      const what = `${queue.id}/${last} is handed out by ${by}`
      this.#report('dispatch-mark', `${this.#name}: ${what}, the mark is ${queue.mark}`)
    }
    const offsets = this.#handedOut.get(queue.id) ?? new Map<number, HandOver>()
    this.#handedOut.set(queue.id, offsets)
    if (queue.settings.maxPriority > 0) this.#checkPriority(queue, firstOffset, offsets)
    else if (!this.mayPassOver) this.#checkReturned(leader.term, queue, firstOffset, offsets)
    for (let offset = firstOffset; offset <= last; offset += 1) {
      const row = queue.row(offset)
      if (row?.attempt !== attempt || row.deliveryCount !== deliveryCount) {
        const counts = `attempt ${row?.attempt} count ${row?.deliveryCount}`
        const what = `${queue.id}/${offset} ${counts} is handed out as ${attempt} ${deliveryCount}`
        this.#report('true-attempt', `${this.#name}: ${what}`)
      }
      if (row !== null && !queue.isOut(offset)) {
        const what = `${queue.id}/${offset} is handed out by ${by}, and is not reserved`
        this.#report('reserved', `${this.#name}: ${what}`)
      }
      const timeMs = this.#logTimes.get(leader.replica)?.before(this.#nowMs()) ?? 0
      if (row !== null && row.deadlineMs < timeMs) {
        const what = `${queue.id}/${offset} is handed out at ${timeMs}, due at ${row.deadlineMs}`
        this.#report('in-time', `${this.#name}: ${what}`)
      }
      const before = offsets.get(offset)
      const times = before?.times ?? 0
      this.#checkReturns(queue.id, offset, deliveryCount, times)
      offsets.set(offset, { attempt, by, times: times + 1 })
      if (before === undefined || before.attempt < attempt) continue
      const what = `${queue.id}/${offset} attempt ${attempt} by ${by}`
      const earlier = `attempt ${before.attempt} by ${before.by}`
      this.#report('one-holder', `${this.#name}: ${what}, after ${earlier}`)
    }
  }

  /** Nothing that might be handed out as well comes before; what may be due is passed over. */
  #checkPriority(
    queue: HandedOutQueue,
    first: number,
    handedOut: ReadonlyMap<number, HandOver>
  ): void {
    const { priority = 0 } = queue.row(first) ?? {}
    for (let offset = queue.nextLive(1); offset !== null; offset = queue.nextLive(offset + 1)) {
      const row = queue.row(offset)
      if (row === null || !queue.isOut(offset) || row.deadlineMs < noDeadlineMs) continue
      if ((handedOut.get(offset)?.attempt ?? -1) >= row.attempt) continue
      if (row.priority < priority || (row.priority === priority && offset >= first)) continue
      const what = `${queue.id}/${first} of priority ${priority} is handed out`
      this.#report('priority', `${this.#name}: ${what} before ${offset} of ${row.priority}`)
    }
  }

  #checkReturned(
    term: number,
    queue: HandedOutQueue,
    first: number,
    handedOut: ReadonlyMap<number, HandOver>
  ): void {
    const attemptOf = (offset: number): number | undefined => handedOut.get(offset)?.attempt
    const passedOver = this.#returnedFirst.passedOver(term, queue, first, attemptOf)
    if (passedOver === null) return
    const what = `${queue.id}/${first} is handed out, and ${passedOver} is back`
    this.#report('returned-first', `${this.#name}: ${what}`)
  }

  /** What has come back more often than its queue lets it leaves. */
  #checkLeft(machine: Pick<ShardMachine, 'queue'>, effects: readonly ShardEffect[]): void {
    for (const effect of effects) {
      if (effect.type !== 'left' || effect.reason !== 'delivery_limit') continue
      const { queue, ranges } = effect
      const limit = machine.queue(queue)?.settings.deliveryLimit ?? 0
      forEachOffset(ranges, 2, (offset) => {
        const times = this.#handedOut.get(queue)?.get(offset)?.times ?? 0
        this.#checkReturns(queue, offset, limit + 1, times)
      })
    }
  }

  #checkReturns(queue: number, offset: number, returns: number, times: number): void {
    if (returns <= times) return
    const what = `${queue}/${offset} has come back ${returns} times, of ${times} that it was given`
    this.#report('counted-returns', `${this.#name}: ${what}`)
  }
}
