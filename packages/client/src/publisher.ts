// Publishes from the call to the outcome: batches what comes in one turn, numbers it when it is first
// sent, keeps the window and the credit, and after a reconnect sends again what has no outcome, in order
// and with the same numbers, before anything new (architecture, A9).
import { HoldfastError } from '@holdfast/errors'
import { checkName } from '@holdfast/protocol'
import type { Properties } from '@holdfast/record'
import { nowMs } from './clock.ts'
import { clientLimits } from './limits.ts'
import type { Link, LinkPublisher } from './link.ts'
import type { ResolvedOptions } from './options.ts'
import { PublishBatch, type PublishPromise, type Reject } from './publish-batch.ts'
import { RecordBuffer } from './record-buffer.ts'

export interface Publish {
  readonly exchange: string
  readonly routingKey: string
  readonly isMandatory: boolean
  readonly properties: Properties | null
  readonly body: Uint8Array
}

/** Answered batches in the middle of the list are swept out in blocks of at least this many. */
const sweepMin = 256

export class Publisher implements LinkPublisher {
  readonly #options: ResolvedOptions
  readonly #schedule: () => void
  readonly #buffer = new RecordBuffer()
  /** Oldest first; those up to `#cursor` are sent on the present link. */
  #batches: PublishBatch[] = []
  #cursor = 0
  /** No batch before this one has anything without an outcome. */
  #head = 0
  /** Batches in the list in which everything has an outcome. */
  #answered = 0
  /** The last batch while it can still be added to. */
  #openBatch: PublishBatch | null = null
  #link: Link | null = null
  #creditBytes = 0
  #isCreditWanted = false
  #inFlightMessages = 0
  #inFlightBytes = 0
  #pendingMessages = 0
  #pendingBytes = 0
  #nextSequence = 1
  /** When an outcome came last: what waits behind the window is not late while the window moves. */
  #progressMs = 0
  #offlineReason = 'no node was reached yet'
  #idleWaiters: (() => void)[] = []

  constructor(options: ResolvedOptions, schedule: () => void) {
    this.#options = options
    this.#schedule = schedule
  }

  /** Messages without an outcome. */
  get pendingMessages(): number {
    return this.#pendingMessages
  }

  /** @throws before anything is kept: names, sizes, properties, LIMIT_REACHED */
  publish(publish: Publish): Promise<void> {
    const { exchange, routingKey, isMandatory } = publish
    if (this.#pendingMessages >= clientLimits.waitingMessagesMax) {
      throw waitingTooMany(clientLimits.waitingMessagesMax, 'publishes without an outcome')
    }
    if (this.#pendingBytes + publish.body.length > clientLimits.waitingBytesMax) {
      throw waitingTooMany(clientLimits.waitingBytesMax, 'bytes of publishes without an outcome')
    }
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
      batch = new PublishBatch(exchange, routingKey, isMandatory, nowMs())
    }
    const bytesBefore = this.#buffer.length
    this.#buffer.append(publish.properties, publish.body)
    if (batch !== this.#openBatch) {
      this.#openBatch = batch
      this.#batches.push(batch)
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
    this.#isCreditWanted = false
    this.#seal()
    this.#batches = this.#batches.flatMap((batch) =>
      batch.remaining === 0 ? [] : batch.pendingParts()
    )
    this.#answered = 0
    this.#head = 0
    for (const batch of this.#batches) batch.isInFlight = false
    this.flush()
  }

  detach(reason: string): void {
    if (this.#link !== null) this.#link.publisher = null
    this.#link = null
    this.#cursor = 0
    this.#inFlightMessages = 0
    this.#inFlightBytes = 0
    this.#offlineReason = reason
  }

  /** Sends as much as window and credit allow. Once a turn. */
  flush(): void {
    const link = this.#link
    if (link === null || !link.isOpen) return
    for (; this.#cursor < this.#batches.length; this.#cursor++) {
      const batch = this.#batches[this.#cursor]
      if (batch === undefined || batch.remaining === 0) continue
      if (batch === this.#openBatch) this.#seal()
      const count = this.#countThatFits(batch)
      if (count === 0) break
      if (count < batch.count) {
        const parts = [batch.part(0, count), batch.part(count, batch.count)]
        this.#batches.splice(this.#cursor, 1, ...parts)
      }
      this.#send(link, this.#batches[this.#cursor] ?? batch)
    }
  }

  /** Rejects what is overdue. Several times a second. */
  tick(): void {
    const timeNowMs = nowMs()
    const { publishTimeoutMs } = this.#options
    for (const batch of this.#batches) {
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
    if (
      this.#openBatch !== null &&
      timeNowMs - this.#openBatch.enqueuedMs > clientLimits.batchOpenMs
    ) {
      this.#seal()
    }
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
    for (const batch of this.#batches) {
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
    const countMax = Math.min(batch.count, publishWindow - this.#inFlightMessages)
    if (countMax <= 0) return 0
    if (batch.blob.length <= bytesMax && countMax === batch.count) return batch.count
    let count = 0
    while (count < countMax && (batch.ends[count] ?? 0) <= bytesMax) count += 1
    if (count < countMax && (batch.ends[count] ?? 0) > this.#creditBytes) this.#wantCredit(batch)
    return count
  }

  #wantCredit(batch: PublishBatch): void {
    if (this.#isCreditWanted) return
    this.#isCreditWanted = true
    const waitingBytes = this.#pendingBytes - this.#inFlightBytes
    const wishBytes = Math.min(clientLimits.wantCreditBytesMax, waitingBytes)
    this.#link?.wantCredit(Math.max(batch.ends[0] ?? 0, wishBytes))
  }

  #send(link: Link, batch: PublishBatch): void {
    const timeNowMs = nowMs()
    if (batch.firstSequence === 0) {
      batch.firstSequence = this.#nextSequence
      batch.sentMs = timeNowMs
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
      first: timeNowMs - batch.sentMs < clientLimits.producerFreshMs,
      firstSequence: batch.firstSequence,
      lowestUnconfirmed: this.#lowestUnconfirmed(batch),
      count: batch.count,
      blob: batch.blob
    })
  }

  #lowestUnconfirmed(sending: PublishBatch): number {
    while (this.#batches[this.#head]?.remaining === 0) this.#head += 1
    return (this.#batches[this.#head] ?? sending).lowestUnconfirmed
  }

  #takeCredit(bytes: number): void {
    if (bytes === 0) return
    this.#creditBytes += bytes
    this.#isCreditWanted = false
  }

  #answer(first: number, last: number, error: HoldfastError | null): void {
    const batches = this.#batches
    for (let i = this.#find(first); i < batches.length; i++) {
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
    if (batch.remaining === 0) this.#answered += 1
    if (error === null) {
      promise.resolve()
      return
    }
    // An application that does not look at the promise must not be ended by it.
    promise.promise.catch(() => undefined)
    promise.reject(error)
  }

  #afterAnswers(): void {
    this.#progressMs = nowMs()
    this.#sweep()
    this.#schedule()
  }

  /** Index of the first numbered batch that ends at or after `sequence`. */
  #find(sequence: number): number {
    let low = 0
    let high = this.#batches.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const batch = this.#batches[middle]
      const isBefore =
        batch !== undefined && batch.firstSequence > 0 && batch.lastSequence < sequence
      if (isBefore) low = middle + 1
      else high = middle
    }
    return low
  }

  #sweep(): void {
    if (this.#pendingMessages === 0) {
      for (const wake of this.#idleWaiters.splice(0)) wake()
    }
    const isLarge = this.#answered >= sweepMin && this.#answered * 2 >= this.#batches.length
    if (!isLarge && this.#answered < this.#batches.length) return
    let sent = 0
    for (let i = 0; i < this.#cursor; i++) if ((this.#batches[i]?.remaining ?? 0) > 0) sent += 1
    this.#batches = this.#batches.filter((batch) => batch.remaining > 0)
    this.#cursor = sent
    this.#head = 0
    this.#answered = 0
  }

  #reasonFor(isSent: boolean): string {
    if (this.#link === null) return `no node is reachable: ${this.#offlineReason}`
    if (!isSent) return 'it waits behind others, or for publish credit of the node'
    return 'the node has not confirmed it; the queue may have no majority of its replicas'
  }
}

// One executor for all promises: a publish then costs no closure of its own.
let lastResolve: () => void = () => undefined
let lastReject: Reject = () => undefined
const capture = (resolve: () => void, reject: Reject): void => {
  lastResolve = resolve
  lastReject = reject
}

function makePromise(): PublishPromise {
  const promise = new Promise<void>(capture)
  return { promise, resolve: lastResolve, reject: lastReject }
}

function waitingTooMany(limit: number, kind: string): HoldfastError {
  return new HoldfastError('LIMIT_REACHED', { limit, kind })
}
