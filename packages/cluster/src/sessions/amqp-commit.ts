// The commit of a transaction (AMQP 0-9-1 tx): everything in it goes into one section of one shard,
// under one number of the gateway, so that it happens once and as a whole, whoever leads. It is
// refused before it is sent, or by the shard, and then nothing of it was done.
import { type PublishBatch, publishMemory, type RequestOf } from '@holdfast/amqp'
import { type QueueTarget, type SettleCommand, transactionSectionBytes } from '@holdfast/broker'
import { unreachable, type WireError } from '@holdfast/errors'
import { auditedArrival } from '../audit-calls.ts'
import type { Core } from '../core.ts'
import { limits, retryPauseMs, times } from '../limits.ts'
import type { ForwardOutcome } from '../peers/peer-codec.ts'
import { refusalOf } from '../publishing/gateway.ts'
import type { Transaction } from '../publishing/shard-stream.ts'
import type { AmqpSession } from './amqp-session.ts'
import { readReplyAddress } from './replies.ts'
import { type Responder, refusal } from './responder.ts'

/** Where all of it goes, as this node knows. */
interface Way {
  /** Queues that take part, each in the shard that it is in. */
  readonly queues: QueueTarget[]
  readonly publishes: Transaction['publishes'][number][]
  readonly settlements: SettleCommand[]
  /** Places of what was mandatory and reaches no queue. */
  readonly unroutable: number[]
  /** To whoever asked: they go out when the rest is committed. */
  readonly replies: PublishBatch[]
}

/** What can be said of a publish: 'fence' if that is not final before this node is current. */
type Step = 'done' | 'wait' | 'fence' | WireError

export class AmqpCommit {
  readonly #core: Core
  readonly #session: AmqpSession
  readonly #request: RequestOf<'commit'>
  readonly #to: Responder
  /** What it keeps in memory, until its end. */
  readonly #bytes: number
  /** Of that: why it may not begin. */
  readonly #excess: WireError | null
  readonly #deadlineMs: number
  /** What was published before it, without a transaction, is not to be overtaken. */
  readonly #behind: number
  /** To be called when part of it is sure to go nowhere. */
  readonly #tellNowhere: () => void
  #isFenced = false
  #refusals = 0

  constructor(core: Core, session: AmqpSession, request: RequestOf<'commit'>, to: Responder) {
    this.#core = core
    this.#session = session
    this.#request = request
    this.#to = to
    this.#bytes = memoryOf(request)
    this.#excess = session.gathered.begin(this.#bytes)
    this.#deadlineMs = core.clock.nowMs + times.requestTimeoutMs
    this.#tellNowhere = auditedArrival(core)
    this.#behind = session.publishes.lastSequence
  }

  attempt(): void {
    const { fence } = this.#core
    if (this.#session.isClosed) return this.#end()
    if (this.#excess !== null) return this.#refuse(this.#excess)
    if (!this.#session.publishes.areSent(this.#behind)) return this.#later()
    const way: Way = { queues: [], publishes: [], settlements: [], unroutable: [], replies: [] }
    const step = this.#find(way)
    switch (step) {
      case 'done':
        return this.#send(way)
      case 'wait':
        return this.#later()
      case 'fence':
        return fence.wait((isCurrent) => {
          this.#isFenced = isCurrent
          if (isCurrent) this.attempt()
          else this.#later()
        })
      default:
        this.#refuse(step)
    }
  }

  #later(): void {
    const { clock, timers } = this.#core
    if (clock.nowMs < this.#deadlineMs) {
      return timers.after(retryPauseMs(this.#refusals), () => this.attempt())
    }
    const reason = 'where the transaction goes could not be found out; nothing of it was done'
    this.#refuse(refusal('UNAVAILABLE', { reason }))
  }

  #find(way: Way): Step {
    const { publishes, settlements } = this.#request
    for (const { consumer: number, outcome, ranges } of settlements) {
      const consumer = this.#session.consumers.find(number)
      // It has ended, and what it held is back in its queue.
      if (consumer === null) return refusal('DELIVERY_STALE', {})
      const { queue, settings } = consumer
      way.queues.push(queue)
      const { key } = settings
      way.settlements.push({ type: 'settle', queue: queue.id, consumer: key, outcome, ranges })
    }
    for (const [place, batch] of publishes.entries()) {
      const step = this.#route(way, batch, place)
      if (step !== 'done') return step
    }
    return 'done'
  }

  #route(way: Way, batch: PublishBatch, place: number): Step {
    const { exchange, routingKey, copies, mandatory, count, blob } = batch
    const { vhost } = this.#session
    for (const key of [routingKey, ...copies]) {
      const forbidden = this.#session.publishRefusal(exchange, key)
      if (forbidden !== null) return forbidden
    }
    const isReply = exchange === '' && readReplyAddress(routingKey) !== null
    if (isReply) {
      way.replies.push(batch)
      if (copies.length === 0) return 'done'
    }
    const routing = this.#core.gateway.route(vhost, batch)
    switch (routing.type) {
      case 'wait':
        return 'wait'
      case 'refused':
        if (!this.#isFenced) return 'fence'
        this.#tellNowhere()
        return refusal(routing.code, { exchange, vhost })
      case 'nowhere':
      case 'targets': {
        const targets = routing.type === 'targets' ? routing.targets : []
        if (targets.length === 0 && !this.#isFenced) return 'fence'
        // What goes to somebody is not lost, with copies or without.
        if (targets.length === 0) this.#tellNowhere()
        if (targets.length === 0 && mandatory && !isReply) way.unroutable.push(place)
        if (targets.length === 0) return 'done'
        way.queues.push(...targets)
        const queues = targets.map(({ id }) => id)
        way.publishes.push({ exchange, routingKey, queues, count, blob })
        return 'done'
      }
      default:
        return unreachable(routing)
    }
  }

  #send(way: Way): void {
    const { counters, gateway } = this.#core
    const [first, ...others] = way.queues
    if (first === undefined) return this.#committed(way)
    const elsewhere = others.find(({ group }) => group !== first.group)
    if (elsewhere !== undefined) {
      const what =
        `commit a transaction on several shards: queue '${first.name}' is in shard ` +
        `${first.group}, '${elsewhere.name}' in shard ${elsewhere.group}; nothing was done`
      return this.#refuse(refusal('NOT_SUPPORTED', { what }))
    }
    const size = transactionSectionBytes(way)
    const limit = limits.transactionBytesMax
    if (size > limit) return this.#refuse(refusal('TRANSACTION_TOO_LARGE', { size, limit }))
    if (this.#refusals === 0) {
      counters.publishedMessages += way.publishes.length
      counters.publishedBytes += size
    }
    const { publishes, settlements } = way
    gateway.commit(first.group, { publishes, settlements }, (outcome) => {
      if (this.#session.isClosed) this.#end()
      else this.#decided(way, outcome)
    })
  }

  #decided(way: Way, outcome: ForwardOutcome): void {
    if (outcome.type !== 'refused') return this.#committed(way)
    if (outcome.code !== 'QUEUE_NOT_FOUND') return this.#refuse(refusalOf(outcome))
    // A queue is gone, or another has its name by now: nothing was done, and it is routed again.
    this.#isFenced = false
    this.#refusals++
    this.#core.fence.wait((isCurrent) => {
      this.#isFenced = isCurrent
      this.#later()
    })
  }

  #committed(way: Way): void {
    const { counters } = this.#core
    const { unroutable, replies, publishes } = way
    counters.confirmedMessages += publishes.length
    counters.returnedMessages += unroutable.length
    for (const { consumer, ranges } of this.#request.settlements) {
      this.#session.consumers.find(consumer)?.letGo(ranges)
    }
    for (const batch of replies) this.#core.replies.send(this.#session.vhost, batch)
    this.#end()
    this.#to.done({ unroutable })
  }
  #refuse(error: WireError): void {
    this.#end()
    this.#to.refuse(error)
  }

  #end(): void {
    this.#session.gathered.end(this.#bytes)
  }
}

function memoryOf({ publishes, settlements }: RequestOf<'commit'>): number {
  let bytes = 0
  for (const publish of publishes) bytes += publishMemory(publish)
  for (const { ranges } of settlements) bytes += ranges.length * 8
  return bytes
}
