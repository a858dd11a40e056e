// A consumer of a client that is connected here: attached at the node that leads its queue, and
// again at the next one, with what the client holds, whenever leader or link change. The client
// sees nothing of that: a delivery is known by offset and attempt (architecture, A7, A8). The SDK
// does the same for itself.
import type { QueueTarget } from '@holdfast/broker'
import { HoldfastError, type WireError } from '@holdfast/errors'
import { DeliveryRangeList, type DeliveryRun } from '@holdfast/protocol'
import { lockRefusal } from '../administration/queue-calls.ts'
import type { Core } from '../core.ts'
import type { ConsumerKey } from '../delivering/consumer.ts'
import { times } from '../limits.ts'
import type { CallResult } from '../peers/peer-message.ts'
import { type Responder, refusal } from '../sessions/responder.ts'
import { tell } from './tell.ts'

export type Outcome = 'accepted' | 'released' | 'rejected'

/** The client's connection. */
export interface ConsumerOwner {
  /** The client does not read what it is sent. */
  readonly isCongested: boolean
  deliver(run: DeliveryRun): void
  /** The queue is gone, or it may not be consumed from any more. */
  consumerEnded(number: number, error: WireError): void
}

export interface ConsumerSettings {
  /** On the client's connection. */
  readonly number: number
  readonly key: ConsumerKey
  readonly prefetch: number
  readonly exclusive: boolean
  readonly priority: number
  /** Deliveries are settled as they go out. */
  readonly autoAck: boolean
  /** It gets nothing but what it asks for. */
  readonly isIdle: boolean
}

interface Settlement {
  readonly outcome: Outcome
  /** Triples. */
  readonly ranges: readonly number[]
}

interface Attachment {
  readonly id: number
  readonly node: number
  isAnswered: boolean
  /** Delivered, and not told to be taken. */
  untakenBytes: number
}

export class ClientConsumer {
  readonly settings: ConsumerSettings
  readonly #core: Core
  readonly #owner: ConsumerOwner
  #target: QueueTarget
  #attachment: Attachment | null = null
  /** What still comes for it is not looked at: the next one makes up for it. */
  #former = 0
  /** Delivered and not settled: attempts by offset. */
  readonly #held = new Map<number, number>()
  /** Not answered, by sequence. */
  #settling = new Map<number, Settlement>()
  /** Who waits for the first attachment, and until when. */
  #starting: { readonly to: Responder; readonly deadlineMs: number } | null = null
  #isStopped = false
  #isEnded = false

  constructor(core: Core, owner: ConsumerOwner, target: QueueTarget, settings: ConsumerSettings) {
    this.#core = core
    this.#owner = owner
    this.#target = target
    this.settings = settings
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  get queue(): QueueTarget {
    return this.#target
  }

  /** Attaches, and is answered when the first attachment is in the log. */
  start(to: Responder): void {
    this.#starting = { to, deadlineMs: this.#core.clock.nowMs + times.requestTimeoutMs }
    this.#attach()
  }

  get #isIdle(): boolean {
    return this.settings.isIdle || this.#isStopped
  }

  #attach(): void {
    const { reports, calls, gatewayRelay } = this.#core
    if (this.#isEnded || this.#attachment !== null) return
    const { group, id: queue } = this.#target
    const node = reports.locate(group)
    if (node === null) return this.#attachLater(`group ${group} has no leader`)
    const id = gatewayRelay.attach(this)
    this.#attachment = { id, node, isAnswered: false, untakenBytes: 0 }
    const { key: consumer, prefetch, exclusive, priority } = this.settings
    const to = { group, queue, consumer, attachment: id }
    const ways = { prefetch, exclusive, priority }
    const resume = this.#starting === null ? this.#claims() : null
    const isIdle = this.#isIdle
    const call = { type: 'relay-attach', ...to, ...ways, resume, isIdle } as const
    calls.call(node, call, (result) => {
      if (this.#attachment?.id !== id) return
      if (result.type === 'error') this.lost(result.error)
      else this.#attached(this.#attachment)
    })
  }

  #attached(attachment: Attachment): void {
    attachment.isAnswered = true
    const settling = this.#settling
    this.#settling = new Map()
    for (const [sequence, { outcome, ranges }] of settling) {
      this.#core.gatewayRelay.forgetSettlement(sequence)
      this.#sendSettlement(outcome, ranges)
    }
    const starting = this.#starting
    this.#starting = null
    starting?.to.done({ consumer: this.settings.number })
  }

  #attachLater(reason: string): void {
    const { clock, timers } = this.#core
    if (this.#starting !== null && clock.nowMs >= this.#starting.deadlineMs) {
      return this.#end(refusal('UNAVAILABLE', { reason }))
    }
    timers.after(times.retryMs, () => this.#attach())
  }

  /** All that is held, and all whose settlement is not known to be in the log. */
  #claims(): readonly number[] {
    const claims = new DeliveryRangeList()
    for (const [offset, attempt] of this.#held) claims.add(offset, attempt)
    for (const { ranges } of this.#settling.values()) {
      for (let i = 0; i + 2 < ranges.length; i += 3) {
        claims.addRange(ranges[i] ?? 0, ranges[i + 1] ?? 0, ranges[i + 2] ?? 0)
      }
    }
    return claims.take()
  }

  linkDown(node: number): void {
    if (this.#attachment?.node !== node) return
    this.lost(refusal('UNAVAILABLE', { reason: `the link to node ${node} broke` }))
  }

  /** The leader ended an attachment. */
  ended(attachment: number, error: WireError): void {
    if (this.#attachment?.id === attachment) this.lost(error)
  }

  /** The attachment failed, or is at its end: another follows, if that can help. */
  lost(error: WireError): void {
    if (this.#attachment === null) return
    this.#core.gatewayRelay.forget(this.#former)
    this.#former = this.#attachment.id
    this.#attachment = null
    if (error.code === 'NOT_LEADER' || error.code === 'UNAVAILABLE') return this.#resume(error)
    if (error.code !== 'QUEUE_NOT_FOUND') return this.#end(error)
    // It may have been deleted, or be named like one that was, or its creation may be on its way.
    const { fence, metadata } = this.#core
    const { vhost, name, id } = this.#target
    fence.wait((isCurrent) => {
      const queue = metadata.machine.topology.queue(vhost, name)
      const isAnother = queue !== null && queue.id !== id
      if ((queue === null && isCurrent) || (isAnother && this.#starting === null)) {
        return this.#end(refusal('QUEUE_NOT_FOUND', { queue: name, vhost }))
      }
      const locked = isAnother ? lockRefusal(queue, this.settings.key.session) : null
      if (locked !== null) return this.#end(locked)
      if (isAnother) this.#target = queue
      this.#resume(error)
    })
  }

  #resume({ message }: WireError): void {
    const isDone = this.#held.size === 0 && this.#settling.size === 0
    // Who asks for single messages attaches when it does.
    if (this.#isIdle && isDone && this.#starting === null) return
    this.#attachLater(message)
  }

  deliver(run: DeliveryRun): void {
    const { number, autoAck, isIdle } = this.settings
    const { firstOffset, count, attempt } = run
    if (run.consumer !== this.#attachment?.id) return
    const last = firstOffset + count - 1
    for (let offset = firstOffset; offset <= last; offset++) this.#held.set(offset, attempt)
    if (this.#isStopped && !isIdle) return this.settle('released', [firstOffset, last, attempt])
    this.#attachment.untakenBytes += run.blob.length
    this.#owner.deliver({ ...run, consumer: number })
    this.taken()
    if (autoAck && !isIdle) this.settle('accepted', [firstOffset, last, attempt])
  }

  /** The client has taken what it was given, if it reads. */
  taken(): void {
    const attachment = this.#attachment
    if (attachment === null || attachment.untakenBytes === 0 || this.#owner.isCongested) return
    const { node, id, untakenBytes } = attachment
    attachment.untakenBytes = 0
    this.#core.gatewayRelay.taken(node, id, untakenBytes)
  }

  /** Ends deliveries that are held, given as flat triples. */
  settle(outcome: Outcome, ranges: readonly number[]): void {
    for (let i = 0; i + 2 < ranges.length; i += 3) {
      const [first = 0, last = 0] = ranges.slice(i, i + 2)
      for (let offset = first; offset <= last; offset++) this.#held.delete(offset)
    }
    if (!this.#isEnded) this.#sendSettlement(outcome, ranges)
  }

  #sendSettlement(outcome: Outcome, ranges: readonly number[]): void {
    const settleSequence = this.#core.gatewayRelay.settle(this)
    this.#settling.set(settleSequence, { outcome, ranges })
    if (this.#attachment?.isAnswered !== true) return
    const { node, id: attachment } = this.#attachment
    const type = 'relay-settle'
    tell(this.#core, node, { type, attachment, settleSequence, outcome, ranges })
  }

  /** It is in the log, or was for what is no longer held. */
  settled(settleSequence: number): void {
    this.#settling.delete(settleSequence)
  }

  /**
   * Asks for one message: `done` gets null if there is none, else how many are ready behind the one
   * that was delivered before.
   */
  get(done: (ready: number | null) => void, refuse: (error: WireError) => void): void {
    const { calls, gatewayRelay } = this.#core
    const { group, id: queue } = this.#target
    const node = this.#attachment?.node ?? this.#core.reports.locate(group)
    if (node === null) return refuse(refusal('NOT_LEADER', { group, leader: 0 }))
    const id = this.#attachment?.id ?? gatewayRelay.attach(this)
    this.#attachment ??= { id, node, isAnswered: true, untakenBytes: 0 }
    const { key: consumer } = this.settings
    const to = { group, queue, consumer, attachment: id }
    calls.call(node, { type: 'relay-get', ...to }, (result: CallResult) => {
      if (result.type === 'got') return done(result.isFound ? result.ready : null)
      const error = new HoldfastError('UNAVAILABLE', { reason: 'no answer to a get' })
      const reason = result.type === 'error' ? result.error : error.toWire()
      if (this.#attachment?.id === id) this.lost(reason)
      refuse(reason)
    })
  }

  /** No more deliveries; answered when the log does not count it as a consumer any more. */
  stop(done: () => void): void {
    this.#isStopped = true
    if (this.#attachment === null) return done()
    const { node, id: attachment } = this.#attachment
    this.#core.calls.call(node, { type: 'relay-stop', attachment }, done)
  }

  /** The end of it; answered when what it held is back in its queue, as far as can be known. */
  release(done: () => void = () => undefined): void {
    if (this.#isEnded) return done()
    const attachment = this.#attachment
    this.#forget()
    if (attachment === null) return done()
    const { node, id } = attachment
    this.#core.calls.call(node, { type: 'relay-detach', attachment: id }, done)
  }

  /** It may not consume any more: what it held goes back. */
  revoke(error: WireError): void {
    const attachment = this.#attachment
    this.#end(error)
    if (attachment === null) return
    const { node, id } = attachment
    this.#core.calls.call(node, { type: 'relay-detach', attachment: id }, () => undefined)
  }

  #end(error: WireError): void {
    if (this.#isEnded) return
    const starting = this.#starting
    this.#forget()
    if (starting !== null) return starting.to.refuse(error)
    this.#owner.consumerEnded(this.settings.number, error)
  }

  #forget(): void {
    const { gatewayRelay } = this.#core
    this.#isEnded = true
    this.#starting = null
    for (const id of [this.#former, this.#attachment?.id ?? 0]) gatewayRelay.forget(id)
    this.#attachment = null
    for (const sequence of this.#settling.keys()) gatewayRelay.forgetSettlement(sequence)
    this.#settling.clear()
    this.#held.clear()
  }
}
