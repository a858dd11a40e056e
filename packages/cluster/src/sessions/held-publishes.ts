// The publishes of one client that are not on their way to the shards yet, in their order. One that
// has to wait holds up all behind it: for a lease or a fence, or because it was returned. What was
// returned is routed again as soon as this node knows what the metadata leader knows: its queues
// were deleted, or replaced by others of the same name. Where metadata knows nothing of the kind
// (the deletion is on its way, or the shard has lost the end of its log), it is sent again after
// pauses, and alone, since what follows must not overtake it.
import { unreachable, type WireError } from '@holdfast/errors'
import { skipRecord } from '@holdfast/record'
import { auditedArrival } from '../audit-calls.ts'
import type { Core } from '../core.ts'
import { retryPauseMs, times } from '../limits.ts'
import {
  type Batch,
  createPublish,
  type Publish,
  type PublishOrigin
} from '../publishing/publish.ts'
import { Pending } from './pending.ts'
import { refusal } from './responder.ts'

export class HeldPublishes {
  readonly #core: Core
  readonly #origin: PublishOrigin
  readonly #changes: Pending
  /** By sequence. */
  #held: Publish[] = []
  #isFencing = false
  /** A publish that was returned again waits before it is sent once more. */
  #isResting = false
  /** Whether what was returned may be returned again: nothing has got through since. */
  #isInDoubt = false
  /** A returned publish that was sent alone and has no outcome. */
  #alone: Publish | null = null
  #lastSequence = 0

  constructor(core: Core, origin: PublishOrigin, changes: Pending = new Pending()) {
    this.#core = core
    this.#origin = origin
    this.#changes = changes
  }

  push(batch: Batch): void {
    this.#lastSequence = batch.firstSequence + batch.count - 1
    this.#held.push(createPublish(this.#origin, batch, auditedArrival(this.#core)))
    if (this.#held.length === 1) this.resume()
  }

  /** Of the publish that came last. */
  get lastSequence(): number {
    return this.#lastSequence
  }

  /** Whether what is pushed would not wait for anything before it. */
  get isEmpty(): boolean {
    return this.#held.length === 0 && this.#alone === null
  }

  /** Whether all up to a sequence are on their way, and will not be overtaken. */
  areSent(upTo: number): boolean {
    const [first] = this.#held
    return this.#alone === null && (first === undefined || first.batch.firstSequence > upTo)
  }

  clear(): void {
    this.#held = []
  }

  /** Sends publishes on their way, in order, until one has to wait. */
  resume(): void {
    while (!this.#isFencing && !this.#isResting && this.#alone === null) {
      const [publish] = this.#held
      if (publish === undefined || !this.#goOn(publish)) break
    }
    const [first] = this.#held
    this.#origin.routed?.(first === undefined ? this.#lastSequence : first.batch.firstSequence - 1)
  }

  /** It goes back to its place, before all that was published after it. */
  returned(publish: Publish): void {
    const { clock, timers } = this.#core
    if (publish.returns === 0) publish.deadlineMs = clock.nowMs + times.requestTimeoutMs
    publish.returns++
    publish.isFenced = false
    const { firstSequence } = publish.batch
    const before = this.#held.findLastIndex(({ batch }) => batch.firstSequence < firstSequence)
    this.#held.splice(before + 1, 0, publish)
    this.#isInDoubt = true
    if (this.#alone !== publish) return this.resume()
    this.#alone = null
    this.#isResting = true
    timers.after(retryPauseMs(publish.returns - 2), () => {
      this.#isResting = false
      this.resume()
    })
  }

  /** The batch has its outcome. */
  decided(batch: Batch): void {
    if (this.#alone?.batch !== batch) return
    this.#alone = null
    this.#isInDoubt = false
    this.resume()
  }

  /** False: the publish must wait, and all after it. */
  #goOn(publish: Publish): boolean {
    const { returns, isFenced, deadlineMs } = publish
    if (returns === 0) return this.#route(publish)
    if (this.#core.clock.nowMs >= deadlineMs) {
      const reason = 'the cluster knows a queue that its shard does not take messages for'
      this.#held.shift()
      this.#origin.failed(publish.batch, refusal('UNAVAILABLE', { reason }))
      return true
    }
    return isFenced ? this.#route(publish) : this.#fence()
  }

  #route(publish: Publish): boolean {
    const { gateway } = this.#core
    const { batch, isFenced } = publish
    const { vhost } = this.#origin
    const forbidden = this.#forbidden(batch)
    if (forbidden === 'wait') return false
    if (forbidden !== null) {
      this.#held.shift()
      this.#origin.failed(batch, forbidden)
      return true
    }
    if (!publish.isReplied && this.#core.replies.send(vhost, batch)) return this.#replied(publish)
    const routing = gateway.route(vhost, batch)
    switch (routing.type) {
      case 'wait':
        return false
      case 'targets':
        if (routing.perRecord && batch.count > 1) return this.#split(publish)
        if (routing.targets.length === 0) {
          if (!isFenced) return this.#fence()
          publish.tellNowhere()
        }
        this.#held.shift()
        if (publish.returns > 0 && this.#isInDoubt) this.#alone = publish
        gateway.send(publish, routing.targets)
        return true
      case 'nowhere':
        if (!isFenced) return this.#fence()
        publish.tellNowhere()
        this.#held.shift()
        gateway.send(publish, [])
        return true
      case 'refused': {
        if (!isFenced) return this.#fence()
        publish.tellNowhere()
        this.#held.shift()
        this.#origin.failed(batch, refusal(routing.code, { exchange: batch.exchange, vhost }))
        return true
      }
      default:
        return unreachable(routing)
    }
  }

  /** It has gone to somebody: with copies or without, it is not one that no queue takes. */
  #replied(publish: Publish): true {
    const { batch } = publish
    if (batch.copies.length > 0) {
      this.#held[0] = { ...publish, isReplied: true, batch: { ...batch, mandatory: false } }
      return true
    }
    this.#held.shift()
    this.#origin.confirmed(batch)
    return true
  }

  /** Each routing key that it goes by must be allowed. */
  #forbidden(batch: Batch): WireError | 'wait' | null {
    const origin = this.#origin
    const { exchange, routingKey, copies } = batch
    let forbidden = origin.failedBefore?.(batch) ?? origin.publishRefusal(exchange, routingKey)
    for (const key of copies) forbidden ??= origin.publishRefusal(exchange, key)
    return forbidden
  }

  /** Routing looks at headers, so each record of the batch goes its own way: one batch each. */
  #split({ batch, ...way }: Publish): true {
    const singles: Publish[] = []
    let position = 0
    for (let i = 0; i < batch.count; i++) {
      const end = skipRecord(batch.blob, position)
      const firstSequence = batch.firstSequence + i
      const blob = batch.blob.subarray(position, end)
      singles.push({ ...way, batch: { ...batch, firstSequence, count: 1, blob } })
      position = end
    }
    this.#held.splice(0, 1, ...singles)
    return true
  }

  /**
   * It vouches for what is held now: what comes later may have seen more than it tells. What the
   * client itself has asked for before is waited for, since it may be where the message goes.
   */
  #fence(): false {
    this.#isFencing = true
    const vouched = [...this.#held]
    this.#changes.whenDone(() => {
      this.#core.fence.wait((isCurrent) => {
        this.#isFencing = false
        if (isCurrent) for (const publish of vouched) publish.isFenced = true
        this.resume()
      })
    })
    return false
  }
}
