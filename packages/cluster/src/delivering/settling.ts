// How deliveries of a queue end: in the log. A command names a bounded number of ranges, and one
// with more would be refused: the rest follows in others, each when the log has the one before.
import {
  type Outcome,
  type QueueView,
  type SectionReply,
  type ShardCommand,
  shardLimits
} from '@holdfast/broker'
import type { ConsumerKey } from './consumer.ts'
import type { HeldDeliveries } from './held-deliveries.ts'

/** Sees to it that the log takes a command. */
export type Commit = (command: ShardCommand, done: (reply: SectionReply) => void) => void

/** Of one command, as flat triples. */
const numbersMax = 3 * shardLimits.rangesMax

export class Settling {
  readonly #queue: Pick<QueueView, 'id'>
  readonly #held: Pick<HeldDeliveries, 'decided'>
  readonly #commit: Commit

  constructor(queue: Pick<QueueView, 'id'>, held: Pick<HeldDeliveries, 'decided'>, commit: Commit) {
    this.#queue = queue
    this.#held = held
    this.#commit = commit
  }

  /** Ends deliveries that were taken from a consumer. `isStale`: some were nobody's any more. */
  settle(
    consumer: ConsumerKey,
    outcome: Outcome,
    taken: readonly number[],
    done: (isStale: boolean) => void
  ): void {
    const ranges = taken.slice(0, numbersMax)
    const rest = taken.slice(numbersMax)
    const { id: queue } = this.#queue
    this.#commit({ type: 'settle', queue, consumer, outcome, ranges }, (reply) => {
      this.#decided(ranges)
      const isStale = reply.type === 'settled' && reply.stale.length > 0
      if (rest.length === 0) return done(isStale)
      this.settle(consumer, outcome, rest, (isMoreStale) => done(isStale || isMoreStale))
    })
  }

  /** Gives back what was taken from a consumer, which may not have seen it. */
  giveBack(
    consumer: ConsumerKey,
    outcome: 'released' | 'unseen',
    taken: readonly number[],
    done: () => void = () => undefined
  ): void {
    if (taken.length > 0) this.settle(consumer, outcome, taken, done)
    else done()
  }

  /** The log does not know the consumer any longer, and what was taken from it goes back. */
  detach(consumer: ConsumerKey, taken: readonly number[], done: () => void): void {
    const release = taken.slice(0, numbersMax)
    const { id: queue } = this.#queue
    this.#commit({ type: 'detach-consumer', queue, consumer, release }, () => {
      this.#decided(release)
      this.giveBack(consumer, 'released', taken.slice(numbersMax), done)
    })
  }

  /** The log has decided on what was taken of these ranges: a purge may have come before it. */
  #decided(ranges: readonly number[]): void {
    for (let i = 0; i + 2 < ranges.length; i += 3) {
      this.#held.decided(ranges[i] ?? 0, ranges[i + 1] ?? 0)
    }
  }
}
