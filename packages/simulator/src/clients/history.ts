// What clients saw, and what must be true of it (architecture: what is promised).
import type { Outcome } from '@holdfast/protocol'
import type { Kinds } from '../checkers/answers.ts'
import type { World } from '../world/world.ts'
import { Deletions } from './deletions.ts'
import { FirstDeliveries } from './first-deliveries.ts'
import { FullQueues } from './full-queues.ts'
import { Labels, type Told } from './labels.ts'
import { type Delivered, outcomeOf, type Published } from './messages.ts'
import { bodyOf, nameOf } from './names.ts'
import { disorders } from './publishing-order.ts'
import { PurgeTimes } from './purge-times.ts'
import { SeenMessages } from './seen-messages.ts'

export class History {
  readonly #world: World
  readonly #refusals: readonly string[]
  readonly #published = new Map<string, Published>()
  /** By queue and offset. */
  readonly #rows = new Map<string, Map<number, Delivered>>()
  /** By queue and message. */
  readonly #offsets = new Map<string, Map<string, number>>()
  /** Queues whose messages may end unseen: by a purge, a deletion, or an automatic settlement. */
  readonly #lossy = new Set<string>()
  /** By queue: where the dead letters of which queues go. */
  readonly #graves = new Map<string, string[]>()
  readonly #seen = new SeenMessages()
  /** Confirmed messages that are not known to have reached all their queues. */
  readonly #underWay = new Set<string>()
  readonly #deletions: Deletions
  readonly purges: PurgeTimes = new PurgeTimes()
  readonly labels: Labels = new Labels()
  readonly fullQueues: FullQueues
  readonly firsts: FirstDeliveries
  deliveries = 0
  redeliveries = 0

  /** `refusals`: codes with which any message may be refused. */
  constructor(world: World, refusals: readonly string[] = []) {
    this.#world = world
    this.#deletions = new Deletions(world)
    this.fullQueues = new FullQueues(world)
    this.firsts = new FirstDeliveries(world)
    this.#refusals = refusals
  }

  get count(): number {
    return this.#published.size
  }

  /** What became of the messages, each kind of outcome once, in the order of publishing. */
  outcomes(): ReadonlySet<string> {
    return new Set([...this.#published.values()].map(outcomeOf))
  }

  published(
    publisher: string,
    sequence: number,
    queues: readonly string[],
    refusal: string | null = 'MESSAGE_UNROUTABLE'
  ): void {
    const sent = { publisher, sequence, queues, refusal, isRepeated: false }
    this.#published.set(`${publisher}:${sequence}`, { ...sent, confirmedMs: null, failure: null })
  }

  confirmed(publisher: string, sequence: number): void {
    const message = this.#published.get(`${publisher}:${sequence}`)
    if (message === undefined) return this.#world.fail(`confirmed, not sent: ${publisher}`)
    this.#checkOutcome(message, `${publisher}:${sequence}`)
    const { queues } = message
    const { nowMs } = this.#world.schedule
    message.confirmedMs = nowMs
    this.#underWay.add(`${publisher}:${sequence}`)
    for (const queue of queues) {
      const isSeen = this.wasDelivered(queue, `${publisher}:${sequence}`)
      if (!isSeen) this.purges.confirmed(queue, `${publisher}:${sequence}`, nowMs)
    }
    const mayBeGone = queues.some((queue) => this.#deletions.askedMs(queue) !== null)
    const { answers } = this.#world.audit
    const body = bodyOf(`${publisher}:${sequence}`)
    if (!mayBeGone) answers.confirmed({ body, queues: queues.map(nameOf) })
    // What need not arrive is confirmed wherever it goes.
    else if (message.refusal !== null) answers.confirmedSomewhere(`${publisher}:${sequence}`)
    if (queues.length === 0 && message.refusal !== null) {
      this.#world.fail(`confirmed, though it has nowhere to go: ${publisher}:${sequence}`)
    }
  }

  isConfirmed(publisher: string, sequence: number): boolean {
    return (this.#published.get(`${publisher}:${sequence}`)?.confirmedMs ?? null) !== null
  }

  /** What was sent to a queue, and is there unless something took it out. */
  sentTo(queue: string): Kinds {
    const sent = [...this.#published].filter(([, { queues }]) => queues.includes(queue))
    const confirmed = sent.filter(([, { confirmedMs }]) => confirmedMs !== null)
    // What is refused may have been sent before, and that copy may be taken yet.
    const inDoubt = sent.filter(([, { failure, isRepeated }]) => {
      return failure === 'abandoned' || (failure !== null && isRepeated)
    })
    return { confirmed: confirmed.map(([name]) => name), inDoubt: inDoubt.map(([name]) => name) }
  }

  /** It is sent again: its outcome was lost with a connection, or may have been. */
  repeated(publisher: string, sequence: number): void {
    const message = this.#published.get(`${publisher}:${sequence}`)
    if (message !== undefined) message.isRepeated = true
  }

  /** Its publisher will never know what became of it. */
  abandoned(publisher: string, sequence: number): void {
    const message = this.#published.get(`${publisher}:${sequence}`)
    if (message !== undefined) message.failure = 'abandoned'
  }

  failed(publisher: string, sequence: number, code: string): void {
    const message = this.#published.get(`${publisher}:${sequence}`)
    if (message === undefined) return this.#world.fail(`failed, not sent: ${publisher}`)
    this.#checkOutcome(message, `${publisher}:${sequence}`)
    message.failure = code
    if (this.#refusals.includes(code)) return
    if (this.fullQueues.haveRefused(message, code)) return
    if (this.#deletions.haveRefused(message, code)) return
    this.#world.fail(`${publisher}:${sequence} was refused: ${code}`)
  }

  /** A publish is confirmed or refused, once. */
  #checkOutcome({ confirmedMs, failure }: Published, what: string): void {
    if (confirmedMs === null && failure === null) return
    this.#world.fail(`a second outcome, after ${failure ?? 'a confirm'}: ${what}`)
  }

  delivered(queue: string, offset: number, told: Told, body: string, to: string): void {
    const { attempt, deliveryCount } = told
    const message = body.split('|')[0] ?? ''
    this.deliveries += 1
    if (attempt > 0) this.redeliveries += 1
    this.#world.reached(attempt === 0 ? 'client: a first delivery' : 'client: a redelivery')
    const published = this.#published.get(message)
    const what = `${message} at ${queue}/${offset} attempt ${attempt} to ${to}`
    this.#world.note(`delivered ${what}`)
    if (published === undefined) return this.#world.fail(`never published: ${what}`)
    this.#world.audit.answers.delivered({ queue, offset, body, attempt, deliveryCount })
    this.#checkPlace(published, queue, what)
    this.#checkLabel(published, queue, told, what)
    if (attempt === 0) this.#checkPurge(message, queue, offset, what)
    if (body !== bodyOf(message)) this.#world.fail(`other bytes than were published: ${what}`)
    this.fullQueues.delivered(queue, published)
    const row = this.#row(queue, offset, message)
    if (row.message !== message) this.#world.fail(`an offset with two messages: ${what}`)
    if (attempt === 0) this.firsts.check(queue, offset, message, to, what)
    if (row.attempts.has(attempt)) this.#world.fail(`delivered twice without a flag: ${what}`)
    row.attempts.add(attempt)
    if (row.settledAttempt !== null && attempt > row.settledAttempt) {
      this.#world.fail(`delivered after it was settled (attempt ${row.settledAttempt}): ${what}`)
    }
  }

  /** A consumer that is told no offsets got this: flagged, if it may have come before. */
  seen(queue: string, body: string, told: Told, to: string): void {
    const message = body.split('|')[0] ?? ''
    const isFlagged = told.attempt > 0
    if (isFlagged) this.#world.audit.answers.came(queue, body, told)
    const what = `${message} at ${queue} to ${to}${isFlagged ? ', flagged' : ''}`
    this.#world.note(`delivered ${what}`)
    this.#world.reached(`amqp client: a ${isFlagged ? 'flagged' : 'first'} delivery`)
    this.deliveries += 1
    if (isFlagged) this.redeliveries += 1
    const published = this.#published.get(message)
    if (published === undefined) return this.#world.fail(`never published: ${what}`)
    if (!published.queues.includes(queue)) {
      this.#world.fail(`in a queue it was not sent to: ${what}`)
    }
    this.#checkLabel(published, queue, told, what)
    if (body !== bodyOf(message)) this.#world.fail(`other bytes than were published: ${what}`)
    const isKnown = this.#seen.has(queue, message)
    if (isKnown && !isFlagged) this.#world.fail(`came twice without a flag: ${what}`)
    this.#seen.add(queue, message)
    this.purges.received(queue, message)
  }

  /** A queue of a name may get what was sent to the one before it, but not what that one got. */
  #checkPlace({ queues, confirmedMs }: Published, queue: string, what: string): void {
    if (queues.includes(queue)) return
    if (this.#graves.get(queue)?.some((other) => queues.includes(other)) === true) {
      return this.#world.reached('client: a dead letter')
    }
    const former = queues.find((other) => nameOf(other) === nameOf(queue))
    if (former === undefined) return this.#world.fail(`in a queue it was not sent to: ${what}`)
    if (confirmedMs !== null && confirmedMs < (this.#deletions.askedMs(former) ?? 0)) {
      this.#world.fail(`outlived the queue that it was in: ${what}`)
    }
  }

  #checkLabel(published: Published, queue: string, told: Told, what: string): void {
    if (!published.queues.includes(queue) || this.#graves.has(queue)) return
    const difference = this.labels.difference(published, told)
    if (difference !== null) this.#world.fail(`${difference}: ${what}`)
  }

  /** A purge spares what was handed out, which may come late, and may come again, flagged. */
  #checkPurge(message: string, queue: string, offset: number, what: string): void {
    const takenMs = this.purges.takenMs(queue, message)
    const isLate = takenMs !== null && this.handedOutMs(queue, offset, 0) > takenMs
    if (isLate) this.#world.fail(`handed out after it was purged: ${what}`)
  }

  /** When a leader handed out what a client was given. */
  handedOutMs(queue: string, offset: number, attempt: number): number {
    const { audit, schedule } = this.#world
    // Of queues that have one name after the other it is not known.
    return audit.handOvers.handedOutMs(queue, offset, attempt) ?? schedule.nowMs
  }

  /** What is rejected in a queue goes to another one. */
  buries(queue: string, grave: string): void {
    this.#graves.set(grave, [...(this.#graves.get(grave) ?? []), queue])
  }

  /** Not all that this queue gets is seen again. */
  lossy(queue: string): void {
    this.#lossy.add(queue)
  }

  /** Whether a consumer that is told offsets got it. */
  wasDelivered(queue: string, message: string): boolean {
    return this.#offsets.get(queue)?.has(message) === true
  }

  deleting(queue: string): void {
    this.lossy(queue)
    this.#deletions.begin(queue)
  }

  #row(queue: string, offset: number, message: string): Delivered {
    const rows = this.#rows.get(queue) ?? new Map<number, Delivered>()
    this.#rows.set(queue, rows)
    let row = rows.get(offset)
    if (row === undefined) {
      row = { message, attempts: new Set(), settledAttempt: null }
      rows.set(offset, row)
    }
    const offsets = this.#offsets.get(queue) ?? new Map<string, number>()
    this.#offsets.set(queue, offsets)
    const known = offsets.get(message)
    if (known !== undefined && known !== offset) {
      this.#world.fail(`twice in a queue: ${message} in ${queue} at ${known} and ${offset}`)
    }
    offsets.set(message, offset)
    this.purges.received(queue, message)
    return row
  }

  /** A client has decided on what it was given. */
  decided(queue: string, offset: number, attempt: number, outcome: Outcome): void {
    this.#world.audit.answers.decided({ queue: nameOf(queue), offset, attempt, outcome })
  }

  /** The server said that this settlement is committed; a final one ends the message. */
  settled(queue: string, offset: number, attempt: number, isFinal: boolean): void {
    this.#world.audit.answers.settled({ queue, offset, attempt, isFinal })
    if (!isFinal) return
    const row = this.#rows.get(queue)?.get(offset)
    if (row === undefined) return this.#world.fail(`settled, not delivered: ${queue}/${offset}`)
    row.settledAttempt = attempt
    if (Math.max(...row.attempts) > attempt) {
      const attempts = [...row.attempts].join(' ')
      this.#world.fail(`an old delivery was settled: ${queue}/${offset} ${attempt} of ${attempts}`)
    }
  }

  #hasArrived(queue: string, message: string): boolean {
    if (this.#lossy.has(queue) || this.#seen.has(queue, message)) return true
    return this.wasDelivered(queue, message)
  }

  /** Confirmed messages that did not reach one of their queues. What has arrived stays so. */
  get missing(): string[] {
    return [...this.#underWay].flatMap((message) => {
      const queues = this.#published.get(message)?.queues ?? []
      const lacking = queues.filter((queue) => !this.#hasArrived(queue, message))
      if (lacking.length === 0) this.#underWay.delete(message)
      return lacking.map((queue) => `${message} in ${queue}`)
    })
  }

  /** In each queue, the messages of a publisher lie in the order in which it sent them. */
  checkOrder(): void {
    // Dead letters come in the order in which they were rejected.
    const rows = [...this.#rows].filter(([queue]) => !this.#graves.has(queue))
    const mayRefuse = this.#refusals.length > 0
    for (const what of disorders(rows, this.#published, mayRefuse))
      this.#world.fail(`out of order: ${what}`)
  }
}
