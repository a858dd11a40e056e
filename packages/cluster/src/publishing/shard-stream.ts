// The stream of publishes from this gateway to one shard. Sections are numbered without gaps; the
// shard takes them in that order and answers a repeat as done, so everything unanswered is simply
// sent again when the leader changes, a link breaks or an answer says so. Nothing is lost, repeated
// or reordered by that (architecture: every publish has an identity).
import {
  encodePublishSection,
  encodeTransactionSection,
  publishSectionBytes,
  type SectionNumber,
  type TransactionSection,
  transactionSectionBytes
} from '@holdfast/broker'
import { unreachable } from '@holdfast/errors'
import { tellSectionAnswered } from '../audit-calls.ts'
import type { Core } from '../core.ts'
import { limits, retryPauseMs, times } from '../limits.ts'
import type { GroupId } from '../log-store.ts'
import { join } from '../peers/byte-writer.ts'
import type { ForwardOutcome } from '../peers/peer-codec.ts'
import { Fifo } from './fifo.ts'
import type { Publish } from './publish.ts'

/** Publishes and settlements that happen together, in one section. */
export type Transaction = Omit<TransactionSection, keyof SectionNumber>

interface Item {
  readonly number: number
  /**
   * Encoded each time it is sent, and not kept in that form: a batch that goes to many shards waits
   * for all of them with one copy of its bodies, the one that came from the client.
   */
  readonly encode: (number: SectionNumber, isFresh: boolean) => readonly Uint8Array[]
  /** As it is encoded. */
  readonly sizeBytes: number
  readonly onOutcome: (outcome: ForwardOutcome) => void
  /** When it came. */
  readonly cameMs: number
  /** At least once. */
  wasSent: boolean
}

/** Called for each section once its outcome is known. */
export type OnOutcome = (publish: Publish, outcome: ForwardOutcome) => void

export class ShardStream {
  readonly group: GroupId
  readonly #core: Core
  readonly #onOutcome: OnOutcome
  readonly #items = new Fifo<Item>()
  /** Items before this position have been sent to the current leader. */
  #sent = 0
  #sentBytes = 0
  #nextNumber = 1
  readonly #epoch: number
  #leader = 0
  #term = 0
  #pausedUntilMs = 0
  /** Refusals since something was accepted: each doubles the pause before all is sent again. */
  #refusals = 0
  #progressAtMs = 0
  /** Repeats since something was answered: each doubles the time until the next. */
  #repeats = 0

  constructor(core: Core, group: GroupId, epoch: number, onOutcome: OnOutcome) {
    this.#core = core
    this.group = group
    this.#epoch = epoch
    this.#onOutcome = onOutcome
  }

  get isIdle(): boolean {
    return this.#items.length === 0
  }

  /** Bytes that this node was sent and has not answered. */
  underWayTo(node: number): number {
    return node === this.#leader ? this.#sentBytes : 0
  }

  push(publish: Publish, queues: readonly number[]): void {
    const { batch, origin } = publish
    const { exchange, routingKey, count, blob } = batch
    const identity = batch.deadLetter?.producer ?? origin.producer
    const producer = identity && {
      ...identity,
      firstSequence: batch.firstSequence,
      lowestUnconfirmed: batch.lowestUnconfirmed,
      first: batch.first
    }
    const isDeadLetter = batch.deadLetter !== undefined
    const section = { producer, exchange, routingKey, isDeadLetter, queues, count, blob }
    this.#add({
      encode: (number, isFresh) => {
        const vouching = isFresh ? producer : producer && { ...producer, first: false }
        return encodePublishSection({ ...number, ...section, producer: vouching })
      },
      sizeBytes: publishSectionBytes(section),
      onOutcome: (outcome) => this.#onOutcome(publish, outcome)
    })
  }

  pushTransaction(transaction: Transaction, onOutcome: (outcome: ForwardOutcome) => void): void {
    this.#add({
      encode: (number) => encodeTransactionSection({ ...number, ...transaction }),
      sizeBytes: transactionSectionBytes(transaction),
      onOutcome
    })
  }

  #add(item: Pick<Item, 'encode' | 'sizeBytes' | 'onOutcome'>): void {
    const cameMs = this.#core.clock.nowMs
    this.#items.push({ number: this.#nextNumber, ...item, cameMs, wasSent: false })
    this.#nextNumber++
  }

  /**
   * A shard that does not know this gateway, or has not heard from it for very long, holds nothing
   * of what has no answer: the first of that begins there.
   */
  #numberOf(item: Item): SectionNumber {
    const gateway = { replica: this.#core.groups.selfReplica, epoch: this.#epoch }
    return { gateway, number: item.number, first: item === this.#items.at(0) }
  }

  /** Sends what may go to the leader, if there is one. */
  flush(): void {
    const { clock, reports } = this.#core
    this.#giveUpOutlived()
    if (this.#items.length === 0) return
    this.#rewindIfSilent()
    const { leader, term } = reports.leadership(this.group)
    if (leader === null) return
    if (leader !== this.#leader || term !== this.#term) {
      this.#leader = leader
      this.#term = term
      this.#pausedUntilMs = 0
      this.#refusals = 0
      this.#repeats = 0
      this.rewind()
    }
    if (clock.nowMs < this.#pausedUntilMs) return
    this.#send(leader)
  }

  /**
   * A shard that has not heard from this gateway for so long may have forgotten it, and would take
   * for news what it has: whether it does cannot be found out any more.
   */
  #giveUpOutlived(): void {
    const tooOldMs = this.#core.clock.nowMs - times.gatewayRepeatMs
    let item = this.#items.at(0)
    while (item?.wasSent && item.cameMs < tooOldMs) {
      const { number, onOutcome } = item
      this.#take(1)
      onOutcome({ type: 'refused', number, code: 'PRODUCER_EXPIRED', details: {} })
      item = this.#items.at(0)
    }
  }

  /** On a slow link what was sent first may still wait: it is not repeated without end. */
  #rewindIfSilent(): void {
    const silentMs = this.#core.clock.nowMs - this.#progressAtMs
    const patienceMs = times.forwardRetryMs * 2 ** this.#repeats
    if (this.#sent === 0 || silentMs <= Math.min(patienceMs, times.forwardRetryMaxMs)) return
    this.#repeats++
    this.rewind()
  }

  #send(leader: number): void {
    const { gateway, tuning, clock } = this.#core
    const { entryBytesMax, forwardBytesMax } = tuning
    const sections: { number: number; bytes: Uint8Array }[] = []
    while (this.#sent < Math.min(this.#items.length, limits.forwardSectionsMax)) {
      const item = this.#items.at(this.#sent)
      if (item === undefined) break
      const sentBytes = this.#sentBytes + item.sizeBytes
      if (sentBytes > forwardBytesMax && this.#sentBytes > 0) break
      // A little goes whatever the others have under way.
      const isLittle = sentBytes <= entryBytesMax
      if (!isLittle && !gateway.admits(this, leader, item.sizeBytes)) break
      const isFresh = item.cameMs > clock.nowMs - times.gatewayFreshMs
      const bytes = join(item.encode(this.#numberOf(item), isFresh))
      item.wasSent = true
      sections.push({ number: item.number, bytes })
      this.#sentBytes = sentBytes
      this.#sent++
    }
    if (sections.length === 0) return
    if (this.#sent === sections.length) this.#progressAtMs = this.#core.clock.nowMs
    const forward = { type: 'forward', group: this.group, epoch: this.#epoch, sections } as const
    const self = this.#core.identity?.node ?? 0
    if (leader === self) this.#core.shards.forward(self, forward)
    else this.#core.peers.send(leader, forward)
  }

  /** Everything unanswered will be sent again, from the first. */
  rewind(): void {
    this.#sent = 0
    this.#sentBytes = 0
    this.#progressAtMs = this.#core.clock.nowMs
  }

  /** The link to a node is new: what was sent on the old one may be lost. */
  linkUp(node: number): void {
    if (node === this.#leader) this.rewind()
  }

  result(epoch: number, outcomes: readonly ForwardOutcome[]): void {
    if (epoch !== this.#epoch) return
    this.#progressAtMs = this.#core.clock.nowMs
    this.#repeats = 0
    for (const outcome of outcomes) this.#outcome(outcome)
  }

  #outcome(outcome: ForwardOutcome): void {
    switch (outcome.type) {
      case 'accepted':
        this.#refusals = 0
        return this.#answered(outcome.first, outcome.last, outcome)
      case 'refused':
        if (isOutlived(outcome)) return this.#core.regression.outlived(this.group)
        return this.#answered(outcome.number, outcome.number, outcome)
      case 'missing':
        return this.#answered(outcome.number, outcome.number, outcome)
      case 'again':
        this.#rewindTo(outcome.from)
        return this.#pause()
      default:
        return unreachable(outcome)
    }
  }

  /** Many refusals at once, as when leadership is lost, are one. */
  #pause(): void {
    const { nowMs } = this.#core.clock
    if (nowMs < this.#pausedUntilMs) return
    this.#pausedUntilMs = nowMs + retryPauseMs(this.#refusals)
    this.#refusals++
  }

  /**
   * Sections are answered in order: a gap says that answers were lost, maybe refusals,
   * and which a repeat brings again.
   */
  #answered(from: number, upTo: number, outcome: ForwardOutcome): void {
    if ((this.#items.at(0)?.number ?? from) < from) return this.rewind()
    let count = 0
    for (const item of this.#items) {
      if (item.number > upTo) break
      count++
    }
    if (count === 0) return
    const { group } = this
    for (const { number, onOutcome } of this.#take(count)) {
      tellSectionAnswered(this.#core, { group, epoch: this.#epoch, number, outcome })
      onOutcome(outcome)
    }
  }

  /** The first `count` items, which have an outcome. */
  #take(count: number): readonly Item[] {
    const taken = this.#items.take(count)
    for (const item of taken.slice(0, this.#sent)) this.#sentBytes -= item.sizeBytes
    this.#sent = Math.max(0, this.#sent - count)
    return taken
  }

  #rewindTo(number: number): void {
    while (this.#sent > 0) {
      const item = this.#items.at(this.#sent - 1)
      if (item === undefined || item.number < number) break
      this.#sent--
      this.#sentBytes -= item.sizeBytes
    }
  }
}

/** It is this gateway that a shard fences, and not the producer of a client. */
function isOutlived({ code, details }: Extract<ForwardOutcome, { type: 'refused' }>): boolean {
  return code === 'PRODUCER_FENCED' && details['gatewayEpoch'] !== undefined
}
