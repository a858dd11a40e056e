// The inside of a consumer: attaches at the node that leads its queue with what it holds, keeps
// deliveries in order for the application, and does it again whenever leader or link change. What
// the application holds stays valid across that, because a delivery is known by offset and attempt
// (A7, A8).
import { HoldfastError } from '@holdfast/errors'
import {
  DeliveryRangeList,
  type DeliveryRun,
  type Outcome,
  protocolLimits
} from '@holdfast/protocol'
import { skipRecord } from '@holdfast/record'
import { Backoff, Sleeper } from './clock.ts'
import type { ConsumerHost, ConsumerSettings } from './consumer-host.ts'
import { Delivery, type DeliveryOwner } from './delivery.ts'
import { DeliveryQueue } from './delivery-queue.ts'
import { Fatal, LeaderSearch } from './leader-search.ts'
import type { Link, LinkConsumer } from './link.ts'
import { Settlements } from './settlements.ts'

interface Attachment {
  readonly link: Link
  readonly consumer: number
}

/**
 * Refusals that may be due to this consumer's own connection of before, which the node still sees.
 */
const echoCodes: readonly string[] = ['CONSUMER_TAG_IN_USE', 'QUEUE_EXCLUSIVE']

export class ConsumerSession implements LinkConsumer, DeliveryOwner {
  readonly settings: ConsumerSettings
  readonly queue: DeliveryQueue = new DeliveryQueue()
  readonly #host: ConsumerHost
  readonly #settlements: Settlements
  readonly #leader: LeaderSearch
  readonly #sleeper: Sleeper
  /** Delivered and not settled, in the queue or with the application, by offset. */
  readonly #held = new Map<number, Delivery>()
  #attachment: Attachment | null = null
  #wasAttached = false
  #cancelled: Promise<void> | null = null
  /** Null as long as it goes on. */
  #endedBy: HoldfastError | null = null
  #lost: (error: HoldfastError) => void = () => undefined

  constructor(settings: ConsumerSettings, host: ConsumerHost) {
    this.settings = settings
    this.#host = host
    this.#leader = new LeaderSearch(settings.queue, host)
    this.#sleeper = new Sleeper(host.platform)
    this.#settlements = new Settlements((error) => host.settlementFailed(settings.queue, error))
  }

  get isEnded(): boolean {
    return this.#endedBy !== null
  }

  /**
   * Resolves when attached for the first time, and goes on attaching after that.
   * @throws what ended it before
   */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#run(resolve).catch((error: unknown) => {
        const coded = HoldfastError.from(error)
        reject(coded)
        this.end(coded)
      })
    })
  }

  /** Takes the next delivery that waits. With `autoAck` it is settled by that. */
  take(): Delivery | null {
    const delivery = this.queue.take()
    if (delivery !== null && this.settings.autoAck) delivery.ack()
    return delivery
  }

  deliver(run: DeliveryRun): void {
    let position = 0
    for (let i = 0; i < run.count; i++) {
      const offset = run.firstOffset + i
      const held = this.#held.get(offset)
      // The same delivery again says nothing new; another attempt replaces what is held.
      if (held === undefined || held.attempt !== run.attempt) {
        if (held !== undefined) this.queue.remove(held)
        const delivery = new Delivery(this, run, offset, position)
        this.#held.set(offset, delivery)
        this.queue.add(delivery)
      }
      if (i + 1 < run.count) position = skipRecord(run.blob, position)
    }
    this.queue.wake(() => this.take())
  }

  settle(delivery: Delivery, outcome: Outcome): void {
    if (this.#held.get(delivery.offset) !== delivery) return
    this.#held.delete(delivery.offset)
    if (this.isEnded) return
    this.#settlements.add(outcome, delivery.offset, delivery.attempt)
    this.#host.schedule()
  }

  detached(error: HoldfastError): void {
    this.#attachment = null
    this.#settlements.detach()
    this.#lost(error)
  }

  flush(): void {
    if (this.#attachment === null) return
    this.#settlements.flush(this.#attachment.link, this.#attachment.consumer)
  }

  settled(): Promise<void> {
    return this.#settlements.idle()
  }

  /** Detaches for good; the broker takes back what is held. Further calls wait for the first. */
  cancel(): Promise<void> {
    if (this.#cancelled === null) {
      this.#cancelled = this.#cancel()
      // Whoever ends a consumer in passing is not ended by what comes of it.
      this.#cancelled.catch(() => undefined)
    }
    return this.#cancelled
  }

  async #cancel(): Promise<void> {
    if (this.isEnded) return
    this.queue.end(null)
    await this.#settlements.idle()
    const attachment = this.#attachment
    this.end(null)
    if (attachment === null) return
    attachment.link.removeConsumer(attachment.consumer)
    await attachment.link
      .ask({ type: 'cancel', consumer: attachment.consumer })
      .catch((error: unknown) => {
        // A link that breaks ends the consumer as well as an answer does.
        if (HoldfastError.from(error).row.retry === 'never') throw error
      })
  }

  /** Ends the iteration: with an error for the application, or without. */
  end(error: HoldfastError | null): void {
    if (this.isEnded) return
    this.#endedBy =
      error ?? new HoldfastError('CONNECTION_CLOSED', { reason: 'the consumer ended' })
    this.#settlements.abandon(error)
    this.queue.end(error)
    this.#held.clear()
    this.#sleeper.interrupt()
    this.#lost(this.#endedBy)
    this.#host.ended(this, error)
  }

  /** @throws what ended it */
  async #run(attachedFirst: () => void): Promise<never> {
    const backoff = new Backoff(this.#host.platform.randomPart)
    const deadlineMs = this.#host.platform.nowMs() + this.settings.timeoutMs
    while (this.#endedBy === null) {
      try {
        const { lost } = await this.#attach()
        if (this.isEnded) break
        backoff.reset()
        this.#leader.found()
        attachedFirst()
        const error = await lost
        if (this.isEnded) break
        this.#host.detached(this.settings.queue, error)
        if (error.row.retry === 'never') throw new Fatal(error)
        this.#leader.hintFrom(error)
      } catch (error) {
        if (error instanceof Fatal) throw error.error
        if (this.isEnded) break
        const coded = HoldfastError.from(error)
        if (!this.#wasAttached && this.#host.platform.nowMs() >= deadlineMs) throw coded
        if (this.#leader.hintFrom(coded)) continue
        await this.#sleeper.sleep(backoff.nextMs())
      }
    }
    throw this.#endedBy
  }

  /** Resolves once attached; `lost` does when the attachment ends. */
  async #attach(): Promise<{ readonly lost: Promise<HoldfastError> }> {
    const link = await this.#leader.open()
    const lost = new Promise<HoldfastError>((resolve) => {
      this.#lost = resolve
    })
    await this.#consume(link)
    return { lost }
  }

  #consume(link: Link): Promise<void> {
    const { queue, tag, prefetch, exclusive, priority } = this.settings
    const resume = this.#wasAttached ? this.#heldRanges() : null
    // The SDK acknowledges for the application: then what waits here is bounded by the prefetch
    // too.
    const request = {
      type: 'consume',
      queue,
      tag,
      prefetch,
      autoAck: false,
      exclusive,
      priority,
      resume
    } as const
    return new Promise((resolve, reject) => {
      link.request(request, (error, result) => {
        if (error === null) {
          this.#attached(link, (result as { readonly consumer: number }).consumer)
          resolve()
          return
        }
        const isEcho = this.#wasAttached && echoCodes.includes(error.code)
        reject(error.row.retry === 'never' && !isEcho ? new Fatal(error) : error)
      })
    })
  }

  /** Within the turn of the answer: deliveries may follow it in the same chunk. */
  #attached(link: Link, consumer: number): void {
    if (this.isEnded) {
      link.request({ type: 'cancel', consumer }, () => undefined)
      return
    }
    this.#wasAttached = true
    this.#attachment = { link, consumer }
    link.addConsumer(consumer, this)
    this.#host.attached(this.settings.queue, link.node)
    this.#host.schedule()
  }

  /**
   * No more than a node takes: it hands out again before a settlement is committed, and what went
   * to others over earlier failovers may be held here still. What is left out comes again, flagged.
   */
  #heldRanges(): readonly number[] {
    const { prefetchMax } = protocolLimits
    const ranges = new DeliveryRangeList()
    const held = [...this.#held.values()].slice(-prefetchMax)
    for (const { offset, attempt } of held) ranges.add(offset, attempt)
    this.#settlements.addTo(ranges, prefetchMax - held.length)
    return ranges.take()
  }
}
