// A node that leads one queue in a real machine, whose log takes everything at once, and the
// gateway of a relayed consumer of it, as far as the leader hears of that.
import {
  encodeCommandSection,
  encodeEntryBatch,
  encodePublishSection,
  type Outcome,
  plainSettings,
  type QueueView,
  type SectionReply,
  type ShardCommand,
  ShardMachine
} from '@holdfast/broker'
import { encodeRecord } from '@holdfast/record'
import type { Core } from '../../src/core.ts'
import { join } from '../../src/peers/byte-writer.ts'
import type { CallResult } from '../../src/peers/peer-message.ts'
import { coreWith, linkTo, pass } from '../part-core.ts'

const group = 1
const gateway = 2
const consumer = { session: '0a', tag: '1' }

export class LedQueue {
  readonly core: Core
  readonly machine: ShardMachine = new ShardMachine()
  readonly #log: Map<number, Uint8Array> = new Map()
  #index = 0
  #published = 0

  constructor(deliveryLimit: number | null = null) {
    const { machine } = this
    const shard = {
      hasLease: true,
      isLeading: true,
      hasRoom: true,
      raft: { term: 1 },
      offer: (section: Uint8Array, done: (reply: SectionReply) => void): boolean => {
        done(this.#apply(section))
        return true
      }
    }
    this.core = coreWith({
      groups: { shardHost: () => ({ machine }), shard: () => shard },
      reports: { locate: () => 1 },
      bodies: { get: (_group: number, index: number) => this.#log.get(index) ?? 'lost' }
    })
    linkTo(this.core, gateway)
    const created = { type: 'create-queue', cursor: 1, queue: 7, vhost: '/', name: 'q' } as const
    const changes = [{ ...created, settings: { ...plainSettings, deliveryLimit } }]
    this.#apply(encodeCommandSection({ type: 'topology', upTo: 1, changes }))
    this.lead()
  }

  get queue(): QueueView {
    const queue = this.machine.queue(7)
    if (queue === undefined) throw new Error('queue 7 was created')
    return queue
  }

  /** As a node that has just been elected, and knows what the log says and nothing else. */
  lead(): void {
    this.core.deliveries.leadershipChanged(group, true)
  }

  #apply(section: Uint8Array): SectionReply {
    const data = encodeEntryBatch(1_000, [section])
    this.#log.set(++this.#index, data)
    const applied = this.machine.apply({ index: this.#index, term: 1 }, data)
    this.core.deliveries.applied(group, applied.effects)
    return applied.replies[0] ?? { type: 'done' }
  }

  publish(count: number): void {
    const blob = encodeRecord(null, new Uint8Array(1))
    const number = ++this.#published
    const place = { gateway: { replica: 1, epoch: 1 }, number, first: number === 1, producer: null }
    const blobs = new Uint8Array(Buffer.concat(Array.from({ length: count }, () => blob)))
    const way = { exchange: '', routingKey: 'q', queues: [7], count, blob: blobs }
    this.#apply(join(encodePublishSection({ ...place, ...way })))
  }

  /** Deliveries that can be made are made. */
  look(): void {
    for (let round = 0; round < 5; round++) {
      this.core.deliveries.tick()
      this.core.deliveries.flush()
    }
  }

  /** Its gateway attaches the consumer, with what its client holds. */
  attach(attachment: number, resume: readonly number[] | null = null): void {
    const ways = { prefetch: 10, exclusive: false, priority: 0, resume, isIdle: false }
    const call = { type: 'relay-attach', group, queue: 7, consumer, attachment, ...ways } as const
    this.core.leaderRelay.attach(gateway, call, () => undefined)
    this.look()
  }

  settle(attachment: number, outcome: Outcome, ranges: readonly number[]): void {
    const settling = { type: 'relay-settle', attachment, settleSequence: 1, outcome } as const
    this.core.leaderRelay.settle(gateway, { ...settling, ranges })
    this.look()
  }

  /** Its client cancels, and keeps what it holds. */
  stop(attachment: number): void {
    this.core.leaderRelay.stop(gateway, attachment, () => undefined)
  }

  /** As if all had been handed out. */
  markAll(): void {
    const marks = [{ queue: 7, mark: this.queue.tail }]
    this.#apply(encodeCommandSection({ type: 'advance-marks', marks }))
  }

  /** Lets time pass, and what is to be done with it. */
  pass(durationMs: number): void {
    pass(this.core, durationMs)
    this.look()
  }

  linkDown(): void {
    this.core.leaderRelay.linkDown(gateway)
  }

  /** What the leader answers to a command of another part. */
  command(command: ShardCommand): CallResult | null {
    let answered: CallResult | null = null
    this.core.shards.command(group, command, (result) => {
      answered = result
    })
    return answered
  }

  /** Attempt and delivery count; null for a message that is gone. */
  counts(offset: number): number[] | null {
    const row = this.queue.row(offset)
    return row === null ? null : [row.attempt, row.deliveryCount]
  }

  get held(): number {
    return this.core.deliveries.find(group, 7)?.held.size ?? 0
  }
}
