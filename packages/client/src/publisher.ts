// Publishes from the call to the outcome: batches what comes in one turn, numbers it when it is
// first sent, keeps window and credit, and after a reconnect sends again what has no outcome, in
// order and with the same numbers, before anything new (architecture, A9).
import { HoldfastError } from '@holdfast/errors'
import { checkName } from '@holdfast/protocol'
import { BatchList } from './batch-list.ts'
import type { Platform } from './clock.ts'
import { clientLimits } from './limits.ts'
import type { Link, LinkPublisher } from './link.ts'
import type { ResolvedOptions } from './options.ts'
import { checkBacklog } from './publish-backlog.ts'
import { type Publish, PublishBatch } from './publish-batch.ts'
import { makePromise } from './publish-promise.ts'
import { RecordBuffer } from './record-buffer.ts'

export class Publisher implements LinkPublisher {
  readonly #options: ResolvedOptions
  readonly #platform: Platform
  readonly #schedule: () => void
  readonly #buffer = new RecordBuffer()
  readonly #list = new BatchList()
  /** The last batch while it can still be added to. */
  #openBatch: PublishBatch | null = null
  #link: Link | null = null
  #creditBytes = 0
  /** Asked for and not come yet. */
  #wantedBytes = 0
  #inFlightMessages = 0
  #inFlightBytes = 0
  #pendingMessages = 0
  #pendingBytes = 0
  #nextSequence = 1
  /** When an outcome came last: what waits behind the window is not late while the window moves. */
  #progressMs = 0
  #offlineReason = 'no node was reached yet'
  #idleWaiters: (() => void)[] = []

  constructor(options: ResolvedOptions, platform: Platform, schedule: () => void) {
    this.#options = options
    this.#platform = platform
    this.#schedule = schedule
  }

  /** Messages without an outcome. */
  get pendingMessages(): number {
    return this.#pendingMessages
  }

  /** @throws before anything is kept: names, sizes, properties, LIMIT_REACHED */
  publish(publish: Publish): Promise<void> {
    const { exchange, routingKey, isMandatory } = publish
    checkBacklog(this.#pendingMessages + 1, this.#pendingBytes + publish.body.length)
    let batch = this.#openBatch
    const joins =
      batch !== null &&
      batch.routingKey === routingKey &&
      batch.exchange === exchange &&
      batch.isMandatory === isMandatory &&
      batch.count < clientLimits.batchMessagesMax &&
      this.#buffer.length + publish.body.length <= clientLimits.batchBytesMax
    if (!joins || batch === null) {
      checkName('exchange', exchange, 0)
      checkName('routing key', routingKey, 0)
      this.#seal()
      batch = new PublishBatch(exchange, routingKey, isMandatory, this.#platform.nowMs())
    }
    const bytesBefore = this.#buffer.length
    this.#buffer.append(publish.properties, publish.body)
    if (batch !== this.#openBatch) {
      this.#openBatch = batch
      this.#list.add(batch)
    }
    const promise = makePromise()
    batch.add(this.#buffer.length, promise)
    this.#pendingMessages += 1
    this.#pendingBytes += this.#buffer.length - bytesBefore
    this.#schedule()
    return promise.promise
  }

  /** Sends on `link` from now on: first whatever has no outcome. */
  attach(link: Link): void {
    this.detach('')
    this.#link = link
    link.publisher = this
    this.#creditBytes = link.takeFirstCredit()
    this.#wantedBytes = 0
    this.#seal()
    this.#list.rewind()
    this.flush()
  }

  detach(reason: string): void {
    if (this.#link !== null) this.#link.publisher = null
    this.#link = null
    this.#inFlightMessages = 0
    this.#inFlightBytes = 0
    this.#offlineReason = reason
  }

  /** Sends as much as window and credit allow. Once a turn. */
  flush(): void {
    const link = this.#link
    if (link === null || !link.isOpen) return
    for (let batch = this.#list.next; batch !== null; batch = this.#list.next) {
      if (batch === this.#openBatch) this.#seal()
      const count = this.#countThatFits(batch)
      if (count === 0) break
      this.#send(link, count < batch.count ? this.#list.split(batch, count) : batch)
      this.#list.advance()
    }
  }

  /** Rejects what is overdue. Several times a second. */
  tick(): void {
    const timeNowMs = this.#platform.nowMs()
    const { publishTimeoutMs } = this.#options
    for (const batch of this.#list.batches) {
      if (batch.remaining === 0) continue
      const isSent = batch.firstSequence > 0
      const sinceMs = isSent ? batch.sentMs : Math.max(batch.enqueuedMs, this.#progressMs)
      // Sent before unsent, and each by age: behind the first that is in time, all are.
      if (timeNowMs - sinceMs < publishTimeoutMs) {
        if (!isSent) break
        continue
      }
      const reason = this.#reasonFor(isSent)
      this.#rejectBatch(
        batch,
        new HoldfastError('PUBLISH_OUTCOME_UNKNOWN', { timeoutMs: publishTimeoutMs, reason })
      )
    }
    this.#sweep()
    const waitedMs = timeNowMs - (this.#openBatch?.enqueuedMs ?? timeNowMs)
    if (waitedMs > clientLimits.batchOpenMs) this.#seal()
  }

  confirmed(ranges: readonly number[], creditBytes: number): void {
    this.#takeCredit(creditBytes)
    for (let i = 0; i < ranges.length; i += 2) {
      this.#answer(ranges[i] ?? 0, ranges[i + 1] ?? 0, null)
    }
    this.#afterAnswers()
  }

  failed(first: number, last: number, error: HoldfastError): void {
    this.#answer(first, last, error)
    this.#afterAnswers()
  }

  /** Resolves when nothing is without an outcome. */
  idle(): Promise<void> {
    if (this.#pendingMessages === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idleWaiters.push(resolve))
  }

  /** Gives up whatever has no outcome: the connection closes. */
  abandon(reason: string): void {
    const closed = new HoldfastError('CONNECTION_CLOSED', { reason })
    const { publishTimeoutMs: timeoutMs } = this.#options
    const unknown = new HoldfastError('PUBLISH_OUTCOME_UNKNOWN', { timeoutMs, reason })
    for (const batch of this.#list.batches) {
      this.#rejectBatch(batch, batch.firstSequence > 0 ? unknown : closed)
    }
    this.#sweep()
  }

  #seal(): void {
    if (this.#openBatch === null) return
    this.#openBatch.blob = this.#buffer.take()
    this.#openBatch = null
  }

  #countThatFits(batch: PublishBatch): number {
    const { publishWindow, publishWindowBytes } = this.#options
    // Alone, a message larger than the window may still go.
    const windowBytes =
      this.#inFlightMessages === 0 ? Infinity : publishWindowBytes - this.#inFlightBytes
    const bytesMax = Math.min(windowBytes, this.#creditBytes)
    const windowMessages = Math.min(publishWindow, this.#sequencesLeft(batch))
    const countMax = Math.min(batch.count, windowMessages - this.#inFlightMessages)
    if (countMax <= 0) return 0
    if (batch.blob.length <= bytesMax && countMax === batch.count) return batch.count
    let count = 0
    while (count < countMax && (batch.ends[count] ?? 0) <= bytesMax) count += 1
    if (count < countMax && (batch.ends[count] ?? 0) > this.#creditBytes) this.#wantCredit(batch)
    return count
  }

  /** What is new must not run too far ahead of what has no outcome: a shard remembers the gaps. */
  #sequencesLeft(batch: PublishBatch): number {
    if (batch.firstSequence > 0) return Infinity
    const { oldest } = this.#list
    const isNumbered = oldest !== null && oldest.firstSequence > 0
    const span = isNumbered ? this.#nextSequence - oldest.lowestUnconfirmed : 0
    return this.#inFlightMessages + clientLimits.sequenceSpanMax - span
  }

  #wantCredit(batch: PublishBatch): void {
    if (this.#wantedBytes > 0) return
    const waitingBytes = this.#pendingBytes - this.#inFlightBytes
    const wishBytes = Math.min(clientLimits.wantCreditBytesMax, waitingBytes)
    this.#wantedBytes = Math.max(batch.ends[0] ?? 0, wishBytes)
    this.#link?.wantCredit(this.#wantedBytes)
  }

  #send(link: Link, batch: PublishBatch): void {
    if (batch.firstSequence === 0) {
      batch.begin(this.#nextSequence, this.#platform)
      this.#nextSequence += batch.count
    }
    batch.isInFlight = true
    this.#creditBytes -= batch.blob.length
    this.#inFlightMessages += batch.count
    this.#inFlightBytes += batch.blob.length
    link.publish({
      exchange: batch.exchange,
      routingKey: batch.routingKey,
      mandatory: batch.isMandatory,
      first: batch.isFresh(this.#platform),
      firstSequence: batch.firstSequence,
      lowestUnconfirmed: this.#lowestUnconfirmed(batch),
      count: batch.count,
      blob: batch.blob
    })
  }

  #lowestUnconfirmed(sending: PublishBatch): number {
    return (this.#list.oldest ?? sending).lowestUnconfirmed
  }

  #takeCredit(bytes: number): void {
    this.#creditBytes += bytes
    this.#wantedBytes = Math.max(0, this.#wantedBytes - bytes)
  }

  #answer(first: number, last: number, error: HoldfastError | null): void {
    const { batches } = this.#list
    for (let i = this.#list.find(first); i < batches.length; i++) {
      const batch = batches[i]
      if (batch === undefined || batch.firstSequence === 0 || batch.firstSequence > last) break
      const from = Math.max(0, first - batch.firstSequence)
      const to = Math.min(batch.count - 1, last - batch.firstSequence)
      for (let position = from; position <= to; position++) this.#settle(batch, position, error)
    }
  }

  #rejectBatch(batch: PublishBatch, error: HoldfastError): void {
    if (batch === this.#openBatch) this.#seal()
    for (let position = 0; position < batch.count; position++) this.#settle(batch, position, error)
  }

  #settle(batch: PublishBatch, position: number, error: HoldfastError | null): void {
    const promise = batch.takePromise(position)
    if (promise === null) return
    const start = position === 0 ? 0 : (batch.ends[position - 1] ?? 0)
    const bytes = (batch.ends[position] ?? 0) - start
    this.#pendingMessages -= 1
    this.#pendingBytes -= bytes
    if (batch.isInFlight) {
      this.#inFlightMessages -= 1
      this.#inFlightBytes -= bytes
    }
    if (batch.remaining === 0) this.#list.noteAnswered()
    if (error === null) {
      promise.resolve()
      return
    }
    // An application that does not look at the promise must not be ended by it.
    promise.promise.catch(() => undefined)
    promise.reject(error)
  }

  #afterAnswers(): void {
    this.#progressMs = this.#platform.nowMs()
    this.#sweep()
    this.#schedule()
  }

  #sweep(): void {
    if (this.#pendingMessages === 0) {
      for (const wake of this.#idleWaiters.splice(0)) wake()
    }
    this.#list.sweep()
  }

  #reasonFor(isSent: boolean): string {
    if (this.#link === null) return `no node is reachable: ${this.#offlineReason}`
    return isSent ? unconfirmedReason : waitingReason
  }
}

const unconfirmedReason =
  'the node has not confirmed it; the queue may have no majority of its replicas'
const waitingReason = 'it waits behind others, or for publish credit of the node'
