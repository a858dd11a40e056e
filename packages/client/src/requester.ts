// Requests of the application, from the call to the answer, across reconnects. One that can be
// repeated without harm is sent again after a broken connection or a refusal that says 'later',
// until its time is up; the application sees a pause. They travel together, but for those that
// have to wait for another.
import { HoldfastError } from '@holdfast/errors'
import type { ClientRequest, RequestResults } from '@holdfast/protocol'
import { Backoff, type Platform } from './clock.ts'
import { clientLimits } from './limits.ts'
import type { Link } from './link.ts'
import { RequestOrder } from './request-order.ts'

interface PendingRequest {
  readonly request: ClientRequest
  readonly deadlineMs: number
  readonly isRepeatable: boolean
  readonly backoff: Backoff
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
  /** Sent at least once. */
  wasSent: boolean
  isOnItsWay: boolean
  /** Not to be sent again before. */
  notBeforeMs: number
  lastError: HoldfastError | null
}

export class Requester {
  readonly #timeoutMs: number
  readonly #platform: Platform
  readonly #pending = new Set<PendingRequest>()
  readonly #order = new RequestOrder<PendingRequest>()
  #link: Link | null = null

  constructor(timeoutMs: number, platform: Platform) {
    this.#timeoutMs = timeoutMs
    this.#platform = platform
  }

  /** @throws the refusal of the node; UNAVAILABLE or the last refusal when the time is up */
  request<Request extends ClientRequest>(
    request: Request
  ): Promise<RequestResults[Request['type']]> {
    if (this.#pending.size >= clientLimits.requestsWaitingMax) {
      const details = { limit: clientLimits.requestsWaitingMax, kind: 'requests without an answer' }
      return Promise.reject(new HoldfastError('LIMIT_REACHED', details))
    }
    return new Promise((resolve, reject) => {
      const pending: PendingRequest = {
        request,
        deadlineMs: this.#platform.nowMs() + this.#timeoutMs,
        // A purge that is repeated could take messages that came after the first one.
        isRepeatable: request.type !== 'purge-queue',
        backoff: new Backoff(this.#platform.randomPart),
        resolve: (result) => resolve(result as RequestResults[Request['type']]),
        reject,
        wasSent: false,
        isOnItsWay: false,
        notBeforeMs: 0,
        lastError: null
      }
      this.#pending.add(pending)
      this.#order.begin(request)
      this.#send(pending)
    })
  }

  attach(link: Link): void {
    this.#link = link
    for (const pending of [...this.#pending]) this.#send(pending)
  }

  detach(): void {
    this.#link = null
  }

  /** Sends what waited long enough, rejects what is overdue. */
  tick(): void {
    const timeNowMs = this.#platform.nowMs()
    for (const pending of [...this.#pending]) {
      if (timeNowMs >= pending.deadlineMs) this.#expire(pending)
      else if (timeNowMs >= pending.notBeforeMs) this.#send(pending)
    }
  }

  /** The connection closes. */
  abandon(error: HoldfastError): void {
    for (const { reject } of [...this.#pending]) reject(error)
    this.#pending.clear()
  }

  #send(pending: PendingRequest): void {
    const link = this.#link
    if (link === null || !link.isOpen || pending.isOnItsWay) return
    if (!this.#pending.has(pending) || this.#order.mustWait(pending.request, pending)) return
    pending.isOnItsWay = true
    const isRepeat = pending.wasSent
    pending.wasSent = true
    link.request(pending.request, (error, result) => {
      pending.isOnItsWay = false
      if (!this.#pending.has(pending)) return
      if (error === null) this.#finish(pending, result)
      else this.#refused(pending, error, isRepeat)
    })
  }

  #refused(pending: PendingRequest, error: HoldfastError, isRepeat: boolean): void {
    const { request, isRepeatable } = pending
    // What a deletion of which the answer was lost has deleted is not missing but gone.
    if (isRepeat && request.type === 'delete-queue' && error.code === 'QUEUE_NOT_FOUND') {
      this.#finish(pending, { messages: 0 })
      return
    }
    if (isRepeat && request.type === 'delete-exchange' && error.code === 'EXCHANGE_NOT_FOUND') {
      this.#finish(pending, null)
      return
    }
    const isBroken = error.code === 'CONNECTION_CLOSED'
    if (error.row.retry === 'never' || (isBroken && !isRepeatable)) {
      this.#take(pending).reject(isBroken ? unknownOutcome(error) : error)
      return
    }
    pending.lastError = error
    pending.notBeforeMs = this.#platform.nowMs() + (isBroken ? 0 : pending.backoff.nextMs())
    if (isBroken) this.#send(pending)
  }

  #finish(pending: PendingRequest, result: unknown): void {
    this.#take(pending).resolve(result)
  }

  #expire(pending: PendingRequest): void {
    const isAnswered = pending.lastError !== null && pending.lastError.code !== 'CONNECTION_CLOSED'
    const reason = `no answer to ${pending.request.type} within ${this.#timeoutMs} ms`
    const error = isAnswered ? pending.lastError : new HoldfastError('UNAVAILABLE', { reason })
    this.#take(pending).reject(error)
  }

  /** It is over: those that waited for it go. */
  #take(pending: PendingRequest): PendingRequest {
    this.#pending.delete(pending)
    for (const waiting of this.#order.end(pending.request)) this.#send(waiting)
    return pending
  }
}

function unknownOutcome(error: HoldfastError): HoldfastError {
  const reason = 'the connection broke before the answer; whether it was done is not known'
  return new HoldfastError('UNAVAILABLE', { reason }, { cause: error })
}
