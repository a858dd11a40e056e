// A consumer of a client that is connected here: attached at the node that leads its queue, and
// again at the next one, with what the client holds, whenever leader or link change. The client
// sees nothing of that: a delivery is known by offset and attempt (architecture, A7, A8). The SDK
// does the same for itself.
import type { Outcome, QueueTarget } from '@holdfast/broker'
import { HoldfastError, type WireError } from '@holdfast/errors'
import type { DeliveryRun } from '@holdfast/protocol'
import type { Core } from '../core.ts'
import { times } from '../limits.ts'
import type { CallResult } from '../peers/peer-message.ts'
import { type Responder, refusal } from '../sessions/responder.ts'
import { type Attachment, Attachments, tellPrefetch } from './attachment.ts'
import { type ConsumerOwner, type ConsumerSettings, nobodysConsumer } from './consumer-owner.ts'
import { Holdings, type Settlement } from './holdings.ts'
import { findAnew } from './queue-anew.ts'
import { tell } from './tell.ts'

export class ClientConsumer {
  readonly settings: ConsumerSettings
  readonly #core: Core
  #owner: ConsumerOwner
  #target: QueueTarget
  readonly #attachments: Attachments
  readonly #holdings = new Holdings()
  /** Who waits for the first attachment. */
  #starting: Responder | null = null
  /** Until when a leader is looked for that takes its first attachment, or its last settlements. */
  #deadlineMs = Number.POSITIVE_INFINITY
  #prefetch: number
  #isStopped = false
  #isEnded = false

  constructor(core: Core, owner: ConsumerOwner, target: QueueTarget, settings: ConsumerSettings) {
    this.#core = core
    this.#owner = owner
    this.#attachments = new Attachments(core)
    this.#target = target
    this.settings = settings
    this.#prefetch = settings.prefetch
    core.gatewayRelay.add(this)
  }

  get #attachment(): Attachment | null {
    return this.#attachments.current
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  get queue(): QueueTarget {
    return this.#target
  }

  /** The node, if it leads the queue, knows all that is held here. */
  hasClaimedAt(node: number): boolean {
    return (
      this.#holdings.isEmpty ||
      (this.#attachment?.isAnswered === true && this.#attachment.node === node)
    )
  }

  /** Whether it holds nothing, or as much as one consumer may, and is to ask for no more. */
  get held(): Pick<Holdings, 'isEmpty' | 'isFull'> {
    return this.#holdings
  }

  /** Attaches, and is answered when the first attachment is in the log. */
  start(to: Responder): void {
    this.#starting = to
    this.#deadlineMs = this.#core.clock.nowMs + times.requestTimeoutMs
    this.#attach()
  }

  /** It gets nothing but what it asks for, or nothing any more. */
  get isIdle(): boolean {
    return this.settings.isIdle || this.#isStopped
  }

  #attach(): void {
    const { reports, calls, gatewayRelay } = this.#core
    if (this.#isEnded || this.#attachment !== null) return
    const { group, id: queue } = this.#target
    const node = reports.locate(group)
    if (node === null) return this.#attachLater(`group ${group} has no leader`)
    const id = gatewayRelay.attach(this)
    const prefetch = this.#prefetch
    this.#attachments.current = { id, node, isAnswered: false, untakenBytes: 0, prefetch }
    const { key: consumer, exclusive, priority } = this.settings
    const to = { group, queue, consumer, attachment: id }
    const ways = { prefetch, exclusive, priority }
    const resume = this.#starting === null ? this.#holdings.claims() : null
    const call = { type: 'relay-attach', ...to, ...ways, resume, isIdle: this.isIdle } as const
    calls.call(node, call, (result) => {
      if (this.#attachment?.id !== id) return
      if (result.type === 'error') this.lost(result.error)
      else this.#attached(this.#attachment)
    })
  }

  #attached(attachment: Attachment): void {
    attachment.isAnswered = true
    this.#core.gatewayRelay.claimed(this)
    tellPrefetch(this.#core, attachment, this.#prefetch)
    for (const [sequence, settlement] of this.#holdings.takeSettling()) {
      this.#core.gatewayRelay.forgetSettlement(sequence)
      this.#sendSettlement(settlement)
    }
    const starting = this.#starting
    this.#starting = null
    starting?.done({ consumer: this.settings.number })
    if (this.#isLeaving) this.#leave()
    else this.#deadlineMs = Number.POSITIVE_INFINITY
  }

  /** How much it may hold from here on: what it holds beyond that it keeps. */
  setPrefetch(prefetch: number): void {
    this.#prefetch = prefetch
    if (this.#attachment?.isAnswered === true) tellPrefetch(this.#core, this.#attachment, prefetch)
  }

  #attachLater(reason: string): void {
    const { clock, timers } = this.#core
    if (clock.nowMs >= this.#deadlineMs) return this.#end(refusal('UNAVAILABLE', { reason }))
    timers.after(times.retryMs, () => this.#attach())
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
    this.#attachments.lost()
    this.#holdings.stopWaiting()
    if (error.code === 'NOT_LEADER' || error.code === 'UNAVAILABLE') return this.#resume(error)
    if (error.code !== 'QUEUE_NOT_FOUND') return this.#end(error)
    const isStarting = this.#starting !== null
    findAnew(this.#core, this.#target, { ...this.settings.key, isStarting }, (found) => {
      if ('code' in found) return this.#end(found)
      this.#target = found
      this.#resume(error)
    })
  }

  #resume(error: WireError): void {
    const isUsed = !this.isIdle || !this.#holdings.isEmpty || this.#starting !== null
    if (isUsed) this.#attachLater(error.message)
    else if (this.settings.isIdle || this.#isLeaving) this.#end(error)
    else this.#detach()
  }

  deliver(run: DeliveryRun): void {
    const { firstOffset, count, attempt } = run
    if (run.consumer !== this.#attachment?.id) return
    this.#holdings.add(run)
    this.#attachment.untakenBytes += run.blob.length
    this.#owner.deliver({ ...run, consumer: this.settings.number })
    this.taken()
    if (!this.settings.autoAck || this.isIdle) return
    this.settle('accepted', [firstOffset, firstOffset + count - 1, attempt])
  }

  /** The client has taken what it was given, if it reads. */
  taken(): void {
    const attachment = this.#attachment
    if (attachment === null || attachment.untakenBytes === 0 || this.#owner.isCongested) return
    const { node, id, untakenBytes } = attachment
    attachment.untakenBytes = 0
    this.#core.gatewayRelay.taken(node, id, untakenBytes)
  }

  /** Ends deliveries, flat triples; `settled`: it is in the log, or nobody knows when it is. */
  settle(outcome: Outcome, ranges: readonly number[], settled: () => void = () => undefined): void {
    this.#holdings.remove(ranges)
    if (this.#isEnded) return settled()
    this.#sendSettlement({ outcome, ranges, settled })
    if (this.#attachment === null) settled()
  }

  /** The log has settled them, with others. */
  letGo(ranges: readonly number[]): void {
    this.#holdings.remove(ranges)
  }

  #sendSettlement(settlement: Settlement): void {
    const settleSequence = this.#core.gatewayRelay.settle(this)
    this.#holdings.settling(settleSequence, settlement)
    if (this.#attachment?.isAnswered !== true) return
    const { node, id: attachment } = this.#attachment
    const { outcome, ranges } = settlement
    tell(this.#core, node, { type: 'relay-settle', attachment, settleSequence, outcome, ranges })
  }

  /** It is in the log, or was for what is no longer held. Returns what has ended: triples. */
  settled(settleSequence: number): readonly number[] {
    return this.#holdings.settled(settleSequence)?.ranges ?? []
  }

  /**
   * Asks for one message: `done` gets null if there is none, else how many are ready behind the one
   * that was delivered before. An answer for an attachment that has ended says neither.
   */
  get(done: (ready: number | null) => void, refuse: (error: WireError) => void): void {
    const { calls, gatewayRelay } = this.#core
    const { group, id: queue } = this.#target
    const node = this.#attachment?.node ?? this.#core.reports.locate(group)
    if (node === null) return refuse(refusal('NOT_LEADER', { group, leader: 0 }))
    // What it holds is claimed first, and what was settled without an answer told again.
    if (this.#attachment === null && !this.#holdings.isEmpty) {
      return refuse(refusal('UNAVAILABLE', { reason: 'it is about to be attached again' }))
    }
    const id = this.#attachment?.id ?? gatewayRelay.attach(this)
    this.#attachments.current ??= { id, node, isAnswered: true, untakenBytes: 0, prefetch: 1 }
    const to = { group, queue, consumer: this.settings.key, attachment: id }
    calls.call(node, { type: 'relay-get', ...to }, (result: CallResult) => {
      const isCurrent = this.#attachment?.id === id
      if (result.type === 'got' && isCurrent) return done(result.isFound ? result.ready : null)
      const error = new HoldfastError('UNAVAILABLE', { reason: 'no answer to a get' })
      const reason = result.type === 'error' ? result.error : error.toWire()
      if (isCurrent) this.lost(reason)
      refuse(reason)
    })
  }

  /** No more deliveries; answered when the log does not count it as a consumer any more. */
  stop(done: () => void): void {
    this.#isStopped = true
    if (this.#attachment === null) return done()
    const { node, id: attachment } = this.#attachment
    this.#core.calls.insist(node, { type: 'relay-stop', attachment }, done)
  }

  /** The end of it; answered when what it held is back in its queue, as far as can be known. */
  release(done: () => void = () => undefined): void {
    if (this.#isEnded) return done()
    this.#owner = nobodysConsumer
    this.#isStopped = true
    this.#deadlineMs = this.#core.clock.nowMs + times.requestTimeoutMs
    this.#leave(done)
  }

  get #isLeaving(): boolean {
    return this.#owner === nobodysConsumer
  }

  /** What it has settled the log gets before it goes, by the next leader if not by this one. */
  #leave(done: () => void = () => undefined): void {
    if (!this.#holdings.isSettling) return this.#forget(done)
    const attachment = this.#attachment
    if (attachment?.isAnswered !== true) return done()
    const { node, id } = attachment
    this.#core.calls.insist(node, { type: 'relay-detach', attachment: id }, (result) => {
      // A leader that ended it meanwhile knows it no more: the next is told what it has settled.
      if (attachment !== this.#attachment) return done()
      if (result.type !== 'error') {
        this.#attachments.take()
        this.#forget()
      } else this.lost(result.error)
      done()
    })
  }

  /** It may not consume any more: what it held goes back. */
  revoke(error: WireError): void {
    this.#end(error)
  }

  #end(error: WireError): void {
    if (this.#isEnded) return
    const starting = this.#starting
    this.#forget()
    if (starting !== null) return starting.refuse(error)
    this.#owner.consumerEnded(this.settings.number, error)
  }

  #forget(done?: () => void): void {
    this.#isEnded = true
    this.#starting = null
    const settling = this.#holdings.takeSettling()
    for (const sequence of settling.keys()) this.#core.gatewayRelay.forgetSettlement(sequence)
    this.#holdings.clear()
    this.#core.gatewayRelay.remove(this)
    this.#detach(() => {
      for (const { settled } of settling.values()) settled()
      done?.()
    })
  }

  /** A leader may believe in an attachment that is lost here: an answer of it came too late. */
  #detach(done: () => void = () => undefined): void {
    const last = this.#attachments.take()
    if (last === null) return done()
    this.#core.calls.insist(last.node, { type: 'relay-detach', attachment: last.id }, done)
  }
}
