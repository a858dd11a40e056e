// Random entries for a shard, with everything that goes wrong in a cluster: repeats, gaps, old
// epochs, unknown queues, stale settlements. Each section comes with its call of the reference.
import { encodeRecord } from '@holdfast/record'
import type { Random } from '@holdfast/testkit'
import {
  type EncodedSection,
  encodeCommandSection,
  encodeEntryBatch,
  encodePublishSection,
  encodeTransactionSection,
  type PublishSection,
  type SectionNumber,
  type SectionReply,
  type SettleCommand,
  type ShardCommand,
  type TransactionSection
} from '../src/index.ts'
import { someProperties, someSettings } from './random-options.ts'
import type { ReferenceShard } from './reference-shard.ts'
import { deadNumbers, pairs, triples } from './shard-draws.ts'

export interface Step {
  readonly section: EncodedSection
  readonly expect: (reference: ReferenceShard) => SectionReply
}

interface Sender {
  epoch: number
  next: number
  isUnknown: boolean
  readonly sent: Step[]
}

const sessions = ['00aa', '00bb', '00cc']

/** The term of an entry. */
export function termOf(index: number): number {
  return 1 + Math.floor(index / 100)
}

export class Workload {
  readonly #random: Random
  readonly #reference: ReferenceShard
  /** By gateway: the next number, and what was sent, for repeats. */
  readonly #gateways: Sender[] = []
  readonly #producers: { id: Uint8Array; epoch: number; next: number; lowest: number }[] = []
  #cursor = 0
  #timeMs = 1_000_000

  constructor(random: Random, reference: ReferenceShard, producers: number) {
    this.#random = random
    this.#reference = reference
    for (let replica = 0; replica < 3; replica++) {
      this.#gateways.push({ epoch: 1, next: 1, isUnknown: true, sent: [] })
    }
    for (let index = 0; index < producers; index++) {
      const id = new Uint8Array(16).fill(index * 3)
      this.#producers.push({ id, epoch: 1, next: 1, lowest: 1 })
    }
  }

  entry(index: number): { data: Uint8Array; steps: readonly Step[] } {
    const random = this.#random
    this.#timeMs += random.chance(0.02) ? random.below(2_000) : random.below(10)
    const timeMs = random.chance(0.05) ? this.#timeMs - 500 : this.#timeMs
    this.#reference.startEntry(index, termOf(index), timeMs)
    const steps: Step[] = []
    for (let left = 1 + random.below(4); left > 0; left--) {
      if (random.chance(0.1)) steps.push(this.#transaction())
      else steps.push(random.chance(0.5) ? this.#publish() : this.#command(this.#randomCommand()))
    }
    const sections = steps.map(({ section }) => section)
    return { data: encodeEntryBatch(timeMs, sections), steps }
  }

  #command(command: ShardCommand): Step {
    return {
      section: encodeCommandSection(command),
      expect: (reference) => reference.command(command)
    }
  }

  #queueIds(): number[] {
    return [...this.#reference.queues.keys()].sort((a, b) => a - b)
  }

  #anyQueue(): number {
    const ids = this.#queueIds()
    return ids.length === 0 || this.#random.chance(0.03) ? 9_999 : this.#random.pick(ids)
  }

  /** The next section of a gateway: a repeat now and then, or one out of turn. */
  #send(
    encode: (number: SectionNumber) => EncodedSection,
    expect: (reference: ReferenceShard, number: SectionNumber) => SectionReply
  ): Step {
    const random = this.#random
    const replica = random.below(this.#gateways.length)
    const gateway = this.#gateways[replica]
    if (gateway === undefined) throw new Error('a gateway')
    if (gateway.sent.length > 0 && random.chance(0.1)) return random.pick(gateway.sent)
    if (random.chance(0.02)) {
      gateway.epoch++
      gateway.next = 1 + random.below(5)
    }
    const number = random.chance(0.04) ? gateway.next + random.below(3) : gateway.next
    const section: SectionNumber = {
      gateway: { replica: replica + 1, epoch: random.chance(0.02) ? 0 : gateway.epoch },
      number,
      first: gateway.isUnknown || random.chance(0.1)
    }
    const step: Step = {
      section: encode(section),
      expect: (reference) => {
        const reply = expect(reference, section)
        if (reply.type !== 'gap') gateway.next = Math.max(gateway.next, number + 1)
        else if (reply.expected > 0) gateway.next = reply.expected
        gateway.isUnknown = reply.type === 'gap' && reply.expected === 0
        return reply
      }
    }
    gateway.sent.push(step)
    if (gateway.sent.length > 20) gateway.sent.shift()
    return step
  }

  #records(count: number): Uint8Array[] {
    const random = this.#random
    return Array.from({ length: count }, () =>
      encodeRecord(
        random.chance(0.3) ? someProperties(random) : null,
        new Uint8Array(random.below(20)).fill(random.below(256))
      )
    )
  }

  #publish(): Step {
    const random = this.#random
    const count = 1 + random.below(random.chance(0.05) ? 700 : 5)
    const records = this.#records(count)
    const producer = random.chance(0.7) ? this.#producer(count) : null
    const isDeadLetter = random.chance(0.1)
    const publish = { producer, isDeadLetter, ...this.#batch(0.4, records) }
    return this.#send(
      (number) => encodePublishSection({ ...number, ...publish }),
      (reference, number) => reference.publish({ ...number, ...publish }, records)
    )
  }

  #batch(share: number, records: readonly Uint8Array[]): TransactionSection['publishes'][number] {
    const random = this.#random
    const queues = this.#queueIds().filter(() => random.chance(share))
    const rare = 10_000 + random.below(3)
    if (random.chance(share / 4) && !queues.includes(rare)) queues.push(rare)
    const exchange = random.pick(['', 'events', 'ñ'])
    const routingKey = random.pick(['a.b', '', 'x'.repeat(255)])
    const blob = new Uint8Array(Buffer.concat([...records]))
    return { exchange, routingKey, queues, count: records.length, blob }
  }

  /** Most of what it settles is held. */
  #transaction(): Step {
    const random = this.#random
    const records = Array.from({ length: random.below(3) }, () =>
      this.#records(1 + random.below(3))
    )
    const publishes = records.map((each) => this.#batch(0.2, each))
    const settlements = Array.from({ length: random.below(3) }, (): SettleCommand => {
      const queue = this.#anyQueue()
      const row = this.#reference.queues.get(queue)
      const { offset = 1, attempt = 0 } =
        row !== undefined && row.messages.length > 0 ? random.pick(row.messages) : {}
      const ranges = random.chance(0.9) ? [offset, offset, attempt] : triples(this.#random, row)
      const outcome = random.pick(['accepted', 'released', 'rejected', 'unseen'] as const)
      return { type: 'settle', queue, consumer: { session: '0a', tag: 't' }, outcome, ranges }
    })
    return this.#send(
      (number) => encodeTransactionSection({ ...number, publishes, settlements }),
      (reference, number) => reference.transaction({ ...number, publishes, settlements }, records)
    )
  }

  #producer(count: number): PublishSection['producer'] {
    const random = this.#random
    const row = random.pick(this.#producers)
    if (random.chance(0.01)) {
      row.epoch++
      row.next = 1
      row.lowest = 1
    }
    if (random.chance(0.3)) row.lowest = row.lowest + random.below(row.next - row.lowest + 1)
    let firstSequence = row.next
    // A repeat, or a batch that overlaps what was sent before, or one that leaves a gap.
    if (random.chance(0.3)) firstSequence = row.lowest + random.below(row.next - row.lowest + 1)
    if (random.chance(0.2)) firstSequence += random.below(4)
    row.next = Math.max(row.next, firstSequence + count)
    return {
      id: row.id,
      epoch: random.chance(0.02) ? row.epoch - 1 : row.epoch,
      firstSequence,
      lowestUnconfirmed: Math.min(row.lowest, firstSequence),
      first: random.chance(0.5)
    }
  }

  /** Due or not, live or not. */
  #named(): { queue: number; ranges: number[] }[] {
    return this.#queueIds().flatMap((queue) => {
      const { tail = 0, messages = [] } = this.#reference.queues.get(queue) ?? {}
      const first = messages[0]?.offset ?? 1
      const last = Math.min(tail, first + 4_000)
      return this.#random.chance(0.5) && last >= first ? [{ queue, ranges: [first, last] }] : []
    })
  }

  #topology(): ShardCommand {
    const random = this.#random
    const changes: Extract<ShardCommand, { type: 'topology' }>['changes'][number][] = []
    // Now and then the reconciler repeats what the shard has had.
    let cursor = random.chance(0.2) ? Math.max(0, this.#cursor - 3) : this.#cursor
    const ids = this.#queueIds()
    for (let left = 1 + random.below(2); left > 0; left--) {
      cursor += 1 + random.below(3)
      if (ids.length > 4 || (ids.length > 0 && random.chance(0.3))) {
        changes.push({ type: 'delete-queue', cursor, queue: random.pick(ids) })
      } else {
        const queue = random.chance(0.3) ? 10_000 + random.below(3) : 20_000 + random.below(1_000)
        const created = { type: 'create-queue', cursor, queue, vhost: '/' } as const
        const settings = random.chance(0.6) ? { settings: someSettings(random) } : {}
        changes.push({ ...created, name: `q${queue}`, ...settings })
      }
    }
    this.#cursor = Math.max(this.#cursor, cursor)
    return { type: 'topology', upTo: cursor, changes }
  }

  #randomCommand(): ShardCommand {
    const random = this.#random
    const queue = this.#anyQueue()
    const row = this.#reference.queues.get(queue)
    const consumer = { session: random.pick(sessions), tag: random.pick(['one', 'two/three']) }
    const roll = random.below(100)
    if (roll < 10 || this.#reference.queues.size < 2) return this.#topology()
    if (roll < 55) {
      const outcome = random.pick([
        'accepted',
        'accepted',
        'released',
        'rejected',
        'unseen'
      ] as const)
      return { type: 'settle', queue, consumer, outcome, ranges: triples(this.#random, row) }
    }
    if (roll < 65) {
      const exclusive = random.chance(0.1)
      const prefetch = random.below(65_536)
      const priority = random.pick([0, 0, 5, -(2 ** 31), 2 ** 31 - 1])
      const ways = { prefetch, autoAck: false, exclusive, priority }
      return { type: 'attach-consumer', queue, consumer, ...ways }
    }
    if (roll < 72)
      return { type: 'detach-consumer', queue, consumer, release: triples(this.#random, row) }
    if (roll < 75) {
      const releases = [{ queue, ranges: triples(this.#random, row) }]
      return { type: 'detach-session', session: random.pick(sessions), releases }
    }
    if (roll < 80 && (row?.settings.maxPriority ?? 0) > 0) {
      const free = random.chance(0.3) ? pairs(this.#random, row) : []
      return { type: 'reserve-by-priority', queue, free, room: random.below(20) }
    }
    if (roll < 80) {
      const mark = random.below((row?.tail ?? 0) + 50)
      const [take, free] = [pairs(this.#random, row), pairs(this.#random, row)]
      return { type: 'reserve-messages', queue, mark, take, free }
    }
    if (roll < 87) {
      return {
        type: 'advance-marks',
        marks: [{ queue, mark: random.below((row?.tail ?? 0) + 50) }]
      }
    }
    if (roll < 90)
      return { type: 'remove-dead-letters', queue, numbers: deadNumbers(this.#random, row) }
    if (roll < 92) return { type: 'return-unclaimed', queue, claimed: pairs(this.#random, row) }
    if (roll < 94) return { type: 'purge-queue', queue, keep: pairs(this.#random, row) }
    if (roll < 96) {
      const [ifUnused, ifEmpty] = [random.chance(0.7), random.chance(0.7)]
      const held = pairs(this.#random, row)
      return { type: 'delete-queue-if', queue, ifUnused, ifEmpty, held }
    }
    if (roll < 97) return { type: 'use-queue', queue }
    if (roll < 99) return { type: 'expire-messages', queues: this.#named() }
    return random.chance(0.5) ? { type: 'tick' } : { type: 'activate-version', version: 1 }
  }
}
