// Feeds the reference shard each committed entry once, in order, and compares the machine that
// applied it: the replies, and the queues that the entry touched. O(what the entry changed).
import { nativeAt } from '@holdfast/amqp'
import {
  type DeathReason,
  decodeCommandSection,
  type PublishHeader,
  readEntryBatch,
  readPublishHeader,
  readTransaction,
  type SectionReply,
  type SettleCommand,
  type ShardCommand,
  type ShardEffect,
  type ShardMachine,
  transactionKind
} from '@holdfast/broker'
import type { SectionAnswer } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { recordBody, scanRecord } from '@holdfast/record'
import { graveExchange } from '../clients/ways.ts'
import type { Report } from './checks.ts'
import { consumerDifference } from './consumer-comparison.ts'
import { type Ending, type Hears, nobody } from './hears.ts'
import { isOpenAt } from './reference-lifetimes.ts'
import { forEachOffset, plain } from './reference-replies.ts'
import { ReferenceShard } from './reference-shard.ts'
import type { ReferenceQueue, ReferenceRecord } from './reference-types.ts'
import { rowDifference } from './row-comparison.ts'
import { wrongAnswer } from './section-answers.ts'
import { StoredOnce } from './stored-once.ts'
import { touched } from './touched-queues.ts'

/** What the machine made of an entry. */
export interface AppliedEntry {
  readonly index: number
  readonly term: number
  readonly data: Uint8Array
  readonly machine: Pick<ShardMachine, 'queue' | 'timeMs'>
  readonly replies: readonly SectionReply[]
  readonly effects: readonly ShardEffect[]
}

/** Of the format of entries: a section's kind follows its length. */
const publishKind = 1

const malformed: SectionReply = { type: 'refused', code: 'FRAME_INVALID', details: {} }

/** Null where a decoder refuses what it reads, as all replicas do. */
function unlessRefused<Value>(read: () => Value): Value | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof HoldfastError) return null
    throw error
  }
}

function ttlMsAt(data: Uint8Array, position: number): number {
  const expiration = nativeAt(data, position)?.expiration
  return expiration === undefined ? Number.POSITIVE_INFINITY : Number(expiration)
}

function recordsOf(data: Uint8Array, header: PublishHeader): ReferenceRecord[] {
  const { blobStart, blobEnd, count } = header
  const records: ReferenceRecord[] = []
  for (let at = blobStart; records.length < count; ) {
    const next = scanRecord(data, at, blobEnd, true)
    const body = Buffer.from(recordBody(data, at)).toString('latin1')
    const priority = nativeAt(data, at)?.priority ?? 0
    records.push({ sizeBytes: next - at, ttlMs: ttlMsAt(data, at), priority, body })
    at = next
  }
  return records
}

const minuteMs = 60_000
/** What is said to clients, in numbers: the product's own are not taken for granted. */
const promised = {
  producerExpiryMs: 15 * minuteMs,
  gatewayExpiryMs: 24 * 60 * minuteMs,
  closingMs: minuteMs
}

export class ShardComparison {
  readonly #name: string
  readonly #report: Report
  readonly #hears: Hears
  readonly #settles = (ending: Ending): void => this.#hears.settles(ending)
  readonly #reference: ReferenceShard = new ReferenceShard(promised)
  /** By queue, message and reason. */
  readonly #left = new Set<string>()
  readonly #storedOnce = new StoredOnce()
  /** Queues of which the entry at hand puts back what nobody claimed. */
  readonly #unclaimed = new Set<number>()
  #index = 0

  constructor(name: string, report: Report, hears: Hears = nobody) {
    this.#name = name
    this.#report = report
    this.#hears = hears
  }

  /** What the reference holds of a queue. */
  queue(id: number): ReferenceQueue | undefined {
    return this.#reference.queues.get(id)
  }

  /** The queue of a name that is not being deleted. */
  openQueue(name: string): ReferenceQueue | undefined {
    const { queues, timeMs } = this.#reference
    for (const queue of queues.values()) {
      if (queue.name === name && isOpenAt(queue, timeMs)) return queue
    }
    return undefined
  }

  /** Whether the message, with which a body begins, has left a queue of that name. */
  hasLeft(queue: string, message: string, reason: DeathReason): boolean {
    return this.#left.has(`${queue} ${message} ${reason}`)
  }

  /** Whether a queue of this shard ever got the message, with which a body begins. */
  hasStored(message: string): boolean {
    return this.#reference.stored.has(message)
  }

  /** A node hears of the leader that deliveries have ended: triples. */
  settled(id: number, ranges: readonly number[]): void {
    const { name, messages } = this.#reference.queues.get(id) ?? {}
    forEachOffset(ranges, 3, (offset, attempt) => {
      if (messages?.get(offset)?.attempt !== attempt) return
      const what = `${name}/${offset} attempt ${attempt} is settled, and is in the queue`
      this.#report('settle-after-commit', `${this.#name}: ${what}`)
    })
  }

  /** The gateway in this replica takes a section for answered. */
  answered(replica: number, { epoch, number, outcome }: SectionAnswer): void {
    const reply = this.#reference.gateways.replyTo(replica, epoch, number)
    const wrong = wrongAnswer({ number, outcome }, reply)
    if (wrong === null) return
    const what = `section ${number} of gateway ${replica}.${epoch} ${wrong}`
    this.#report('answer-of-log', `${this.#name}: ${what}`)
  }

  /** An entry was applied somewhere; only the first time counts. */
  applied(entry: AppliedEntry): void {
    if (entry.index <= this.#index) return
    this.#index = entry.index
    const expected = this.#apply(entry)
    this.#compareReplies(entry, expected)
    this.#noteLeft(entry.effects)
    this.#noteReturned(entry)
    this.#noteStored(entry)
    for (const [id, offsets] of touched(entry.effects)) this.#compareQueue(entry, id, offsets)
    if (entry.machine.timeMs !== this.#reference.timeMs) {
      this.#wrong(entry, `log time is ${entry.machine.timeMs}, not ${this.#reference.timeMs}`)
    }
  }

  #noteLeft(effects: readonly ShardEffect[]): void {
    for (const effect of effects) {
      if (effect.type !== 'left') continue
      const { name = '', bodies } = this.#reference.queues.get(effect.queue) ?? {}
      forEachOffset(effect.ranges, 2, (offset) => {
        this.#left.add(`${name} ${bodies?.get(offset)?.split('|')[0]} ${effect.reason}`)
      })
    }
  }

  #noteReturned({ term, effects }: AppliedEntry): void {
    for (const id of this.#unclaimed) this.#hears.opened(term, this.queue(id)?.name ?? `${id}`)
    for (const effect of effects) {
      if (effect.type !== 'returned') continue
      const { name: queue = '', bodies } = this.#reference.queues.get(effect.queue) ?? {}
      const isUnclaimed = this.#unclaimed.has(effect.queue)
      forEachOffset(effect.ranges, 2, (offset) => {
        this.#hears.returned({ queue, body: bodies?.get(offset) ?? '', term, isUnclaimed })
      })
    }
  }

  #noteStored({ index, effects }: AppliedEntry): void {
    for (const effect of effects) {
      if (effect.type !== 'published') continue
      const queue = this.#reference.queues.get(effect.queue)
      for (const message of this.#storedOnce.repeats(effect, queue)) {
        const where = `${this.#name}, entry ${index}: ${queue?.name}`
        this.#report('stored-once', `${where} has ${message} a second time`)
      }
    }
  }

  #apply({ index, term, data }: AppliedEntry): SectionReply[] {
    const batch = unlessRefused(() => readEntryBatch(data)) ?? { timeMs: 0, positions: [] }
    this.#reference.startEntry(index, term, batch.timeMs)
    this.#unclaimed.clear()
    return batch.positions.map((position) => {
      return unlessRefused(() => this.#section(data, position)) ?? malformed
    })
  }

  #section(data: Uint8Array, position: number): SectionReply {
    if (data[position + 4] === transactionKind) return this.#transaction(data, position)
    if (data[position + 4] !== publishKind) {
      const command = decodeCommandSection(data, position)
      if (command.type === 'settle') this.#endingsOf(command).forEach(this.#settles)
      if (command.type === 'remove-dead-letters') this.#take(command)
      if (command.type === 'return-unclaimed') this.#unclaimed.add(command.queue)
      return this.#reference.command(command)
    }
    const header = readPublishHeader(data, position)
    const records = unlessRefused(() => recordsOf(data, header))
    return this.#reference.publish(header, records)
  }

  #transaction(data: Uint8Array, position: number): SectionReply {
    const header = readTransaction(data, position)
    const records = header.publishes.map((publish) => unlessRefused(() => recordsOf(data, publish)))
    const endings = header.settlements.flatMap((settlement) => this.#endingsOf(settlement))
    const reply = this.#reference.transaction(header, records)
    if (reply.type === 'accepted') endings.forEach(this.#settles)
    return reply
  }

  #take({ queue: id, numbers }: Extract<ShardCommand, { type: 'remove-dead-letters' }>): void {
    const queue = this.#reference.queues.get(id)
    const { exchange, routingKey = null } = queue?.settings.deadLetter ?? {}
    if (queue === undefined || routingKey === null) return
    // By the one exchange that is named, letters come to the queue of their routing key as well.
    if (exchange !== '' && exchange !== graveExchange) return
    forEachOffset(numbers, 2, (number) => {
      const body = queue.dead.get(number)
      if (body !== undefined) this.#hears.taken({ from: queue.name, to: routingKey, body })
    })
  }

  #endingsOf({ queue: id, outcome, ranges }: SettleCommand): Ending[] {
    const { name: queue = '', messages } = this.#reference.queues.get(id) ?? {}
    const endings: Ending[] = []
    if (outcome === 'released' || outcome === 'unseen') return endings
    forEachOffset(ranges, 3, (offset, attempt) => {
      if (messages?.get(offset)?.attempt === attempt)
        endings.push({ queue, outcome, offset, attempt })
    })
    return endings
  }

  #compareReplies(entry: AppliedEntry, expected: readonly SectionReply[]): void {
    if (expected.length !== entry.replies.length) {
      this.#wrong(entry, `${entry.replies.length} replies to ${expected.length} sections`)
    }
    for (const [at, wanted] of expected.entries()) {
      const reply = entry.replies[at]
      if (reply === undefined || plain(reply) === plain(wanted)) continue
      this.#wrong(entry, `section ${at} got ${plain(reply)}, not ${plain(wanted)}`)
    }
  }

  #compareQueue(entry: AppliedEntry, id: number, offsets: ReadonlySet<number>): void {
    const queue = entry.machine.queue(id)
    const expected = this.#reference.queues.get(id)
    if (queue === undefined || expected === undefined) {
      if (queue !== expected) this.#wrong(entry, `queue ${id} is there for one of both only`)
      return
    }
    const closedMs = queue.isOver ? 0 : queue.closingUntilMs
    const numbers = [queue.liveCount, queue.tail, queue.mark, closedMs, queue.dead.count]
    const { messages, tail, mark, closingUntilMs, dead } = expected
    const wanted = [messages.size, tail, mark, expected.isOver ? 0 : closingUntilMs, dead.size]
    if (`${numbers}` !== `${wanted}`) {
      const names = 'live, tail, mark, closing, dead'
      this.#wrong(entry, `queue ${id} has ${names} ${numbers}, not ${wanted}`)
    }
    if (queue.isOver !== expected.isOver) {
      this.#wrong(entry, `queue ${id} is ${queue.isOver ? '' : 'not '}over`)
    }
    if (queue.active !== expected.active) {
      this.#wrong(entry, `queue ${id} has ${queue.active} active, not ${expected.active}`)
    }
    const consumers = [...queue.consumers.keys()].sort()
    const others = [...expected.consumers.keys()].sort()
    if (`${consumers}` !== `${others}`) {
      this.#wrong(entry, `queue ${id} has consumers ${consumers}, not ${others}`)
    }
    // What says nothing of messages says something of consumers.
    const mistake = offsets.size > 0 ? null : consumerDifference(queue, expected)
    if (mistake !== null) this.#wrong(entry, `queue ${id} ${mistake}`)
    for (const offset of offsets) {
      const difference = rowDifference(queue, offset, expected)
      if (difference !== null) this.#wrong(entry, `queue ${id}/${offset} is ${difference}`)
    }
  }

  #wrong({ index }: AppliedEntry, detail: string): void {
    this.#report('reference-queue', `${this.#name}, entry ${index}: ${detail}`)
  }
}
