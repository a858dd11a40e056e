// One connection to one node: the wire, the protocol machine on it, the requests that wait for an
// answer, and who gets what arrives. A link lives once; reconnecting makes a new one.
import { HoldfastError } from '@holdfast/errors'
import {
  ClientConnection,
  type ClientEvent,
  type ClientRequest,
  checkResult,
  type DeliveryRun,
  type Hello,
  type Outcome,
  type RequestResults
} from '@holdfast/protocol'
import type { Platform } from './clock.ts'
import { clientLimits } from './limits.ts'
import type { Dial, Wire } from './wire.ts'

/** A consumer as a link sees it. */
export interface LinkConsumer {
  deliver(run: DeliveryRun): void
  /** The node ended it, or the link is gone. */
  detached(error: HoldfastError): void
}

/** A publisher as a link sees it. */
export interface LinkPublisher {
  confirmed(ranges: readonly number[], creditBytes: number): void
  failed(first: number, last: number, error: HoldfastError): void
}

export interface LinkOwner {
  readonly platform: Platform
  opened(link: Link, welcome: ClientEvent & { type: 'welcome' }): void
  nodes(event: ClientEvent & { type: 'nodes' }): void
  closed(link: Link, error: HoldfastError): void
  /** Something was written: `flush` wants to be called at the end of the turn. */
  dirty(): void
}

export type Answer = (error: HoldfastError | null, result: unknown) => void

interface Waiting {
  readonly request: ClientRequest
  readonly answer: Answer
}

export class Link {
  readonly address: string
  /** Node id, from the welcome; 0 before. */
  node = 0
  publisher: LinkPublisher | null = null
  /** When it last served a consumer or a publisher; for closing idle ones. */
  usedMs: number
  readonly #owner: LinkOwner
  readonly #connection: ClientConnection
  readonly #wire: Wire
  readonly #consumers = new Map<number, LinkConsumer>()
  readonly #answers = new Map<number, Waiting>()
  readonly #settles = new Map<number, (error: HoldfastError | null) => void>()
  #waiting: Waiting[] = []
  /** Publish credit that nobody has used yet. */
  #creditBytes = 0
  #isClosed = false
  #isWireOpen = false

  constructor(address: string, dial: Dial, hello: Hello, owner: LinkOwner) {
    this.address = address
    this.#owner = owner
    this.usedMs = owner.platform.nowMs()
    this.#connection = new ClientConnection({
      nowMs: this.usedMs,
      hello,
      handshakeTimeoutMs: clientLimits.attemptTimeoutMs
    })
    this.#wire = dial(address, {
      opened: () => {
        this.#isWireOpen = true
        this.flush()
      },
      received: (bytes) => this.#received(bytes),
      closed: (reason) =>
        this.#end(
          typeof reason === 'string'
            ? new HoldfastError('NODE_UNREACHABLE', { address, reason })
            : reason
        )
    })
  }

  get isOpen(): boolean {
    return !this.#isClosed && this.#connection.isOpen
  }

  get isServing(): boolean {
    return this.publisher !== null || this.#consumers.size > 0 || this.#answers.size > 0
  }

  /** `answer` is called exactly once, within the turn in which the response arrives. */
  request(request: ClientRequest, answer: Answer): void {
    if (!this.isOpen) {
      answer(this.#goneError('it is not open'), null)
      return
    }
    this.usedMs = this.#owner.platform.nowMs()
    if (this.#answers.size >= clientLimits.requestsInFlightMax) {
      this.#waiting.push({ request, answer })
      return
    }
    this.#answers.set(this.#connection.request(request), { request, answer })
    this.#owner.dirty()
  }

  /** As `request`, as a promise. */
  ask<Request extends ClientRequest>(request: Request): Promise<RequestResults[Request['type']]> {
    return new Promise((resolve, reject) => {
      this.request(request, (error, result) => {
        if (error === null) resolve(result as RequestResults[Request['type']])
        else reject(error)
      })
    })
  }

  publish(publish: Parameters<ClientConnection['publish']>[0]): void {
    this.#connection.publish(publish)
  }

  wantCredit(bytes: number): void {
    this.#connection.wantCredit(bytes)
  }

  /** `answer` is called exactly once, unless the link ends before. */
  settle(
    consumer: number,
    outcome: Outcome,
    ranges: readonly number[],
    answer: (error: HoldfastError | null) => void
  ): void {
    this.#settles.set(this.#connection.settle({ consumer, outcome, ranges }), answer)
  }

  /** The publish credit of this link, for the publisher that it gets. */
  takeFirstCredit(): number {
    const bytes = this.#creditBytes
    this.#creditBytes = 0
    return bytes
  }

  addConsumer(id: number, consumer: LinkConsumer): void {
    this.#consumers.set(id, consumer)
  }

  removeConsumer(id: number): void {
    this.#consumers.delete(id)
    this.usedMs = this.#owner.platform.nowMs()
  }

  tick(): void {
    this.#dispatch(this.#connection.tick(this.#owner.platform.nowMs()))
    this.flush()
  }

  flush(): void {
    if (!this.#isWireOpen || this.#isClosed) return
    const chunks = this.#connection.flush(this.#owner.platform.nowMs())
    if (chunks.length > 0) this.#wire.send(chunks)
  }

  /** Says good-bye and closes; consumers and requests are told. */
  close(): void {
    if (this.#isClosed) return
    this.#connection.close()
    this.flush()
    this.#wire.end()
    this.#end(this.#goneError('it was closed on this side'), false)
  }

  /** Gives the node up. */
  destroy(error: HoldfastError): void {
    this.#end(error)
  }

  #received(bytes: Uint8Array): void {
    if (this.#isClosed) return
    this.#dispatch(this.#connection.receive(bytes, this.#owner.platform.nowMs()))
  }

  #dispatch(events: readonly ClientEvent[]): void {
    for (const event of events) this.#take(event)
  }

  #take(event: ClientEvent): void {
    switch (event.type) {
      case 'confirm':
        if (this.publisher === null) this.#creditBytes += event.credit
        else this.publisher.confirmed(event.ranges, event.credit)
        return
      case 'deliver':
        this.#consumers.get(event.run.consumer)?.deliver(event.run)
        return
      case 'settled':
        for (let i = 0; i < event.ranges.length; i += 2) {
          const last = event.ranges[i + 1] ?? 0
          for (let n = event.ranges[i] ?? 0; n <= last; n++) if (!this.#settled(n, null)) break
        }
        return
      case 'settle-failed':
        this.#settled(event.settleSequence, HoldfastError.fromWire(event.error))
        return
      case 'publish-failed':
        this.publisher?.failed(event.first, event.last, HoldfastError.fromWire(event.error))
        return
      case 'response':
        this.#answered(event)
        return
      case 'consumer-cancelled': {
        const consumer = this.#consumers.get(event.consumer)
        this.#consumers.delete(event.consumer)
        consumer?.detached(HoldfastError.fromWire(event.error))
        return
      }
      case 'welcome':
        this.node = event.node
        this.#creditBytes = event.credit
        this.#owner.opened(this, event)
        return
      case 'nodes':
        this.#owner.nodes(event)
        return
      case 'closed':
        this.flush()
        this.#end(
          event.error === null
            ? this.#goneError('the node closed it')
            : HoldfastError.fromWire(event.error)
        )
        return
      case 'heartbeat':
        return
    }
  }

  #settled(settleSequence: number, error: HoldfastError | null): boolean {
    const answer = this.#settles.get(settleSequence)
    if (answer === undefined) return false
    this.#settles.delete(settleSequence)
    answer(error)
    return true
  }

  #answered({ requestId, error, result }: ClientEvent & { type: 'response' }): void {
    const waiting = this.#answers.get(requestId)
    if (waiting === undefined) return
    this.#answers.delete(requestId)
    const { request, answer } = waiting
    const next = this.#waiting.shift()
    if (next !== undefined) this.request(next.request, next.answer)
    if (error === null) answer(problemWith(request, result), result)
    else answer(HoldfastError.fromWire(error), null)
  }

  #end(error: HoldfastError, isAbrupt = true): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const gone = this.#goneError(error.message)
    const consumers = [...this.#consumers.values()]
    const waiting = [...this.#answers.values(), ...this.#waiting]
    this.#consumers.clear()
    this.#answers.clear()
    this.#settles.clear()
    this.#waiting = []
    if (isAbrupt) this.#wire.destroy()
    for (const { answer } of waiting) answer(gone, null)
    for (const consumer of consumers) consumer.detached(gone)
    this.#owner.closed(this, error)
  }

  #goneError(reason: string): HoldfastError {
    return new HoldfastError('CONNECTION_CLOSED', { reason })
  }
}

/** Why a result cannot be believed, or null. */
function problemWith(request: ClientRequest, result: unknown): HoldfastError | null {
  try {
    checkResult(request.type, result)
    return null
  } catch (problem) {
    return HoldfastError.from(problem)
  }
}
