// The consumers of one AMQP connection, by their number on it; and what asks for single messages,
// one for each channel and queue, since each channel owns what it got.
import type { Outcome, RequestOf, SettleEvent } from '@holdfast/amqp'
import type { DeliveryRun } from '@holdfast/protocol'
import { findQueue } from '../administration/queue-calls.ts'
import type { Core } from '../core.ts'
import { limits, times } from '../limits.ts'
import { ClientConsumer } from '../relaying/client-consumer.ts'
import type { ConsumerSettings } from '../relaying/consumer-owner.ts'
import type { AmqpSession } from './amqp-session.ts'
import { Pending } from './pending.ts'
import { newReplyAddress, type ReplyAddress } from './replies.ts'
import { type Responder, refusal } from './responder.ts'

export class AmqpConsumers {
  /** Queues that the client deletes itself. */
  readonly deletions: Pending = new Pending()
  readonly #core: Core
  readonly #session: AmqpSession
  readonly #consumers = new Map<number, ClientConsumer>()
  /** By channel and queue. */
  readonly #getters = new Map<string, ClientConsumer>()
  /** What a getter was given, until it is answered. */
  readonly #got = new Map<number, DeliveryRun>()
  /** Consumers of replies, under which address, and how many each was given. */
  readonly #replies = new Map<number, { readonly address: string; given: number }>()
  /** Whatever the client has settled, and of it what goes back to its queue. */
  readonly #settlements = new Pending()
  readonly #returns = new Pending()
  /** Consumers that end: what they hold goes back. */
  readonly #releases = new Pending()
  #lastNumber = 0

  constructor(core: Core, session: AmqpSession) {
    this.#core = core
    this.#session = session
  }

  consume(request: RequestOf<'consume'>, to: Responder): void {
    const { queue, prefetch, autoAck, exclusive, priority } = request
    findQueue(this.#core, this.#session.vhost, queue, to, (target) => {
      // Who is gone meanwhile would own a consumer that nobody ends.
      if (this.#session.isClosed || this.#isFull(to) || this.#isRevoked(queue, to)) return
      const consumer = new ClientConsumer(this.#core, this.#session, target, {
        ...this.#newKey(),
        prefetch: autoAck ? limits.autoAckPrefetch : prefetch,
        exclusive,
        priority,
        autoAck,
        isIdle: false
      })
      this.#add(consumer)
      consumer.start({
        done: (result) => to.done(result),
        refuse: (error) => {
          this.ended(consumer.settings.number)
          to.refuse(error)
        }
      })
    })
  }

  /** Direct reply-to. */
  consumeReplies(to: Responder): void {
    if (this.#isFull(to)) return
    const number = ++this.#lastNumber
    const address = newReplyAddress(this.#core, this.#session.id, number)
    this.#replies.set(number, { address, given: 0 })
    to.done({ consumer: number, address })
  }

  takesReplies({ consumer, text }: ReplyAddress): boolean {
    return this.#replies.get(consumer)?.address === text
  }

  /** Replies came; who does not read them gets no more. */
  reply(number: number, run: DeliveryRun): void {
    const consumer = this.#replies.get(number)
    if (consumer === undefined || this.#session.unsentBytes > limits.replyBytesMax) return
    const firstOffset = consumer.given + 1
    consumer.given += run.count
    this.#session.connection.deliver({ ...run, consumer: number, firstOffset })
  }

  cancel(number: number, to: Responder): void {
    this.#replies.delete(number)
    const consumer = this.#consumers.get(number)
    if (consumer === undefined) return to.done(null)
    // What its acks make room for is delivered before: AMQP keeps the order of a channel.
    this.#settlements.whenDone(() => consumer.stop(() => to.done(null)))
  }

  /** Does the work once all that the client gave back is in its queues, for whoever looks. */
  whenGivenBack(work: () => void): void {
    this.#returns.whenDone(() => this.#releases.whenDone(work))
  }

  /** `done` is called when all that they held is back in its queues. */
  release(numbers: readonly number[], done: () => void = () => undefined): void {
    const released = this.#releases.begin()
    const parts = new Pending()
    for (const number of numbers) {
      const consumer = this.#consumers.get(number)
      this.#replies.delete(number)
      this.ended(number)
      if (consumer === undefined) continue
      const back = parts.begin()
      const end = (): void => {
        // Of who asked for messages, and holds none, nothing goes back.
        if (consumer.settings.isIdle && consumer.held.isEmpty) back()
        consumer.release(back)
      }
      // The end of one that takes nothing is not in the log, behind what it gave back.
      if (consumer.isIdle) this.#returns.whenDone(end)
      else end()
    }
    parts.whenDone(() => {
      released()
      done()
    })
  }

  releaseAll(): void {
    this.#getters.clear()
    this.#replies.clear()
    this.release([...this.#consumers.keys()])
  }

  get(
    channel: number,
    { queue, autoAck }: RequestOf<'get'>,
    to: Responder,
    deadlineMs: number = this.#core.clock.nowMs + times.requestTimeoutMs
  ): void {
    findQueue(this.#core, this.#session.vhost, queue, to, (target) => {
      if (this.#session.isClosed) return
      const key = `${channel}/${target.id}`
      let getter = this.#getters.get(key)
      if (getter === undefined || getter.isEnded) {
        if (this.#isFull(to) || this.#isRevoked(queue, to)) return
        const options = { exclusive: false, priority: 0, autoAck: false, isIdle: true }
        const settings = { ...this.#newKey(), prefetch: 1, ...options }
        getter = new ClientConsumer(this.#core, this.#session, target, settings)
        this.#getters.set(key, getter)
        this.#add(getter)
      }
      if (!autoAck && getter.held.isFull) return to.refuse(tooMuchGot)
      const again = (): void => {
        if (to.isGone?.() === true) return
        if (this.#core.clock.nowMs < deadlineMs) {
          return this.get(channel, { type: 'get', queue, autoAck }, to, deadlineMs)
        }
        const reason = `queue '${queue}' has no leader`
        to.refuse(refusal('UNAVAILABLE', { reason }))
      }
      this.#ask(getter, autoAck, to, () => this.#core.timers.after(times.retryMs, again))
    })
  }

  #ask(getter: ClientConsumer, autoAck: boolean, to: Responder, failed: () => void): void {
    const { number } = getter.settings
    getter.get(
      (ready) => {
        const run = this.#got.get(number) ?? null
        this.#got.delete(number)
        const isFound = ready !== null && run !== null
        if (!isFound) return to.done({ consumer: number, run: null, ready: 0 })
        if (autoAck) getter.settle('accepted', [run.firstOffset, run.firstOffset, run.attempt])
        to.done({ consumer: number, run, ready })
      },
      () => {
        // Got, and the answer that says so was lost: it is asked for anew.
        const run = this.#got.get(number)
        this.#got.delete(number)
        if (run !== undefined)
          getter.settle('unseen', [run.firstOffset, run.firstOffset, run.attempt])
        // The next attempt may find another queue of that name.
        if (getter.held.isEmpty) this.release([number])
        failed()
      }
    )
  }

  deliver(run: DeliveryRun): void {
    const consumer = this.#consumers.get(run.consumer)
    if (consumer?.settings.isIdle === true) this.#got.set(run.consumer, run)
    else if (consumer?.isIdle === true) this.#giveBack(run)
    else if (!this.#session.connection.deliver(run)) {
      // The client has closed the channel or all, and waits for what it did before.
      consumer?.stop(() => undefined)
      this.#giveBack(run)
    }
  }

  /** A run that was on its way to a consumer when that was cancelled, or its client left. */
  #giveBack({ consumer, firstOffset, count, attempt }: DeliveryRun): void {
    const ranges = [firstOffset, firstOffset + count - 1, attempt]
    this.settle({ type: 'settle', consumer, outcome: 'unseen', ranges })
  }

  settle({ consumer, outcome, ranges }: SettleEvent): void {
    const settling = this.#settlements.begin()
    const returning = isGivenBack(outcome) ? this.#returns.begin() : null
    const settled = (): void => {
      settling()
      returning?.()
    }
    const owner = this.#consumers.get(consumer)
    if (owner === undefined) settled()
    else owner.settle(outcome, ranges, settled)
  }

  /** Of a consumer that has not ended. */
  find(number: number): ClientConsumer | null {
    return this.#consumers.get(number) ?? null
  }

  /** The client reads again. */
  taken(): void {
    for (const consumer of this.#consumers.values()) consumer.taken()
  }

  ended(number: number): void {
    const consumer = this.#consumers.get(number)
    this.#consumers.delete(number)
    this.#got.delete(number)
    if (consumer?.settings.isIdle !== true) return
    for (const [key, getter] of this.#getters) if (getter === consumer) this.#getters.delete(key)
  }

  /** Users or rights have changed: who may not read any more is ended. */
  accessChanged(): void {
    for (const consumer of [...this.#consumers.values()]) {
      const error = this.#session.rights.readRefusal(consumer.queue.name)
      if (error !== null) consumer.revoke(error)
    }
  }

  /** The right was there when it was asked for, before the queue was found. */
  #isRevoked(queue: string, to: Responder): boolean {
    const error = this.#session.rights.readRefusal(queue)
    if (error !== null) to.refuse(error)
    return error !== null
  }

  #add(consumer: ClientConsumer): void {
    this.#consumers.set(consumer.settings.number, consumer)
  }

  #isFull(to: Responder): boolean {
    const limit = limits.consumersPerClientMax
    if (this.#consumers.size + this.#replies.size < limit) return false
    to.refuse(refusal('LIMIT_REACHED', { limit, kind: 'consumers of a connection' }))
    return true
  }

  /** A consumer is known by its client, and its number. */
  #newKey(): Pick<ConsumerSettings, 'number' | 'key'> {
    const number = ++this.#lastNumber
    return { number, key: { session: this.#session.clientKey, tag: `${number}` } }
  }
}

const tooMuchGot = refusal('LIMIT_REACHED', {
  limit: limits.prefetchMax,
  kind: 'messages that a channel got from a queue and has not settled'
})

function isGivenBack(outcome: Outcome): boolean {
  return outcome === 'released' || outcome === 'unseen'
}
