// A shard in plain arrays and maps: what the machine must do, without any of its structures.
// Messages are objects, sequences are sets; it is slow and obviously right.
import type {
  PublishSection,
  SectionReply,
  SettleCommand,
  ShardCommand,
  TransactionSection
} from '../src/index.ts'
import { die } from './reference-deaths.ts'
import { deadlineOf, expireNamed } from './reference-expiry.ts'
import { ReferenceGateways } from './reference-gateways.ts'
import { dropHead, giveBack, hasRoom, moveMark, type ReferenceTimes } from './reference-length.ts'
import { createQueue, expireAt, isOpen, isSame, leave } from './reference-lifetimes.ts'
import { pairs } from './reference-pairs.ts'
import { arrivesOut, priorityIn } from './reference-priorities.ts'
import { commandQueue } from './reference-queue-commands.ts'
import type { ReferenceLimits, ReferenceProducer, ReferenceQueue } from './reference-types.ts'

export class ReferenceShard {
  readonly queues: Map<number, ReferenceQueue> = new Map()
  readonly #producers: Map<string, ReferenceProducer> = new Map()
  readonly #gateways: ReferenceGateways = new ReferenceGateways()
  readonly #limits: ReferenceLimits
  timeMs = 0
  #term = 0
  #termStartMs = 0
  cursor = 0
  entry = 0

  constructor(limits: ReferenceLimits) {
    this.#limits = limits
  }

  get #times(): ReferenceTimes {
    return { timeMs: this.timeMs, termStartMs: this.#termStartMs }
  }

  startEntry(index: number, term: number, timeMs: number): void {
    this.entry = index
    this.timeMs = Math.max(this.timeMs, timeMs)
    if (term > this.#term) this.#termStartMs = this.timeMs
    this.#term = term
    for (const queue of this.queues.values()) expireAt(queue, this.timeMs)
    for (const [key, row] of this.#producers) {
      if (this.timeMs - row.lastMs >= this.#limits.producerExpiryMs) this.#producers.delete(key)
    }
    this.#gateways.expire(this.timeMs, this.#limits.gatewayExpiryMs)
  }

  publish(section: PublishSection, records: readonly Uint8Array[]): SectionReply {
    return this.#gateways.numbered(section, this.timeMs, () =>
      this.#publishRecords(section, records)
    )
  }

  /** `records`: of each publish. */
  transaction(
    section: TransactionSection,
    records: readonly (readonly Uint8Array[])[]
  ): SectionReply {
    const { publishes, settlements } = section
    return this.#gateways.numbered(section, this.timeMs, () => {
      const queue = publishes.flatMap(({ queues }) => queues).find((id) => !this.#open(id))
      const details = { queue: queue ?? 0, vhost: '' }
      if (queue !== undefined) return { type: 'refused', code: 'QUEUE_NOT_FOUND', details }
      const isHeld = settlements.every((settlement) => this.#isHeld(settlement))
      if (!isHeld) return { type: 'refused', code: 'DELIVERY_STALE', details: {} }
      for (const id of new Set(publishes.flatMap(({ queues }) => queues))) {
        const all = publishes.flatMap(({ queues }, at) =>
          queues.includes(id) ? (records[at] ?? []) : []
        )
        if (!this.#isFull(id, all)) continue
        return { type: 'refused', code: 'QUEUE_FULL', details: { queue: `q${id}`, vhost: '/' } }
      }
      for (const [at, publish] of publishes.entries()) {
        this.#distribute(publish, records[at] ?? [])
      }
      for (const settlement of settlements) this.#settle(settlement)
      return { type: 'accepted', missing: [] }
    })
  }

  #isHeld({ queue, ranges }: SettleCommand): boolean {
    const { messages = [] } = this.queues.get(queue) ?? {}
    for (let at = 0; at < ranges.length; at += 3) {
      for (let offset = ranges[at] ?? 0; offset <= (ranges[at + 1] ?? 0); offset++) {
        if (messages.find((item) => item.offset === offset)?.attempt !== ranges[at + 2])
          return false
      }
    }
    return true
  }

  #open(id: number): ReferenceQueue | undefined {
    const queue = this.queues.get(id)
    return isOpen(queue, this.timeMs) ? queue : undefined
  }

  #isFull(id: number, records: readonly Uint8Array[]): boolean {
    const queue = this.#open(id)
    return queue !== undefined && !hasRoom(queue, records)
  }

  /** Into all that have room; the reply if one has none. */
  #distribute(
    section: Pick<PublishSection, 'exchange' | 'routingKey' | 'queues' | 'isDeadLetter'>,
    records: readonly Uint8Array[]
  ): SectionReply | null {
    const full = section.queues.filter((id) => this.#isFull(id, records))
    const [refusing] = full
    const refusal: SectionReply = {
      type: 'refused',
      code: 'QUEUE_FULL',
      details: { queue: `q${refusing}`, vhost: '/' }
    }
    if (refusing !== undefined && section.isDeadLetter === true) return refusal
    for (const record of records) {
      for (const id of section.queues) {
        const queue = this.#open(id)
        if (queue === undefined) continue
        const isFull = full.includes(id)
        if (isFull && queue.settings.lengthLimit?.overflow !== 'reject-publish-dlx') continue
        this.#push(id, section, record)
        if (isFull) die(queue, queue.messages.splice(-1), 'maxlen', this.timeMs, this.#termStartMs)
        if (queue.settings.maxPriority === 0) dropHead(queue, this.#times)
      }
    }
    // All at once, since the weakest may come first or last.
    const queues = section.queues.flatMap((id) => this.#open(id) ?? [])
    for (const queue of queues) dropHead(queue, this.#times)
    return refusing === undefined ? null : refusal
  }

  #publishRecords(section: PublishSection, records: readonly Uint8Array[]): SectionReply {
    const missing = section.queues.filter((id) => this.#open(id) === undefined)
    const { producer } = section
    if (producer === null) {
      return this.#distribute(section, records) ?? { type: 'accepted', missing }
    }
    const key = Buffer.from(producer.id).toString('hex')
    let row = this.#producers.get(key)
    if (row !== undefined && row.epoch > producer.epoch) {
      return { type: 'refused', code: 'PRODUCER_FENCED', details: {} }
    }
    if (row === undefined || row.epoch < producer.epoch) {
      if (!producer.first) return { type: 'refused', code: 'PRODUCER_EXPIRED', details: {} }
      const limit = this.#limits.producersMax
      if (row === undefined && this.#producers.size >= limit) {
        return { type: 'refused', code: 'PRODUCERS_FULL', details: { group: 7, limit } }
      }
      row = { epoch: producer.epoch, applied: new Set(), refused: new Set(), lowest: 1, lastMs: 0 }
      this.#producers.set(key, row)
    }
    row.lastMs = this.timeMs
    row.lowest = Math.max(row.lowest, producer.lowestUnconfirmed)
    const { lowest, applied, refused } = row
    const isNowhere = missing.length > 0 && missing.length === section.queues.length
    const sequences = records.map((_, position) => producer.firstSequence + position)
    const isFresh = (sequence: number): boolean => sequence >= lowest && !applied.has(sequence)
    const fresh = sequences.filter(isFresh)
    const wasRefused = sequences.some((each) => each >= lowest && refused.has(each))
    if (fresh.length > 0 && isNowhere) return { type: 'accepted', missing }
    const own = records.filter((_, position) => isFresh(sequences[position] ?? 0))
    const refusal = fresh.length === 0 ? null : this.#distribute(section, own)
    if (refusal !== null && section.isDeadLetter === true) return refusal
    for (const sequence of fresh) {
      applied.add(sequence)
      if (refusal !== null) refused.add(sequence)
    }
    if (refusal !== null) return refusal
    if (wasRefused) return this.#refusedBefore(section)
    if (fresh.length > 0) return { type: 'accepted', missing }
    return { type: 'repeated', missing: [] }
  }

  #refusedBefore({ queues }: PublishSection): SectionReply {
    const refusing = queues.find((id) => {
      const { overflow = 'drop-head' } = this.queues.get(id)?.settings.lengthLimit ?? {}
      return overflow !== 'drop-head'
    })
    const details =
      refusing === undefined
        ? { queue: queues[0] ?? 0, vhost: '' }
        : { queue: `q${refusing}`, vhost: '/' }
    return { type: 'refused', code: 'QUEUE_FULL', details }
  }

  #push(
    id: number,
    section: Pick<PublishSection, 'exchange' | 'routingKey'>,
    record: Uint8Array
  ): void {
    const queue = this.#open(id)
    if (queue === undefined) return
    const { exchange, routingKey } = section
    const offset = ++queue.tail
    const { entry } = this
    queue.messages.push({
      offset,
      record,
      entry,
      exchange,
      routingKey,
      deadlineMs: deadlineOf(record, queue, this.timeMs),
      priority: priorityIn(queue, record),
      attempt: 0,
      isOut: arrivesOut(queue, offset),
      deliveryCount: 0
    })
  }

  /** Null: the kind of the reply is checked, and `done` carries nothing. */
  command(command: ShardCommand): SectionReply {
    switch (command.type) {
      case 'topology':
        for (const change of command.changes) {
          if (change.cursor <= this.cursor) continue
          if (change.type === 'delete-queue') this.queues.delete(change.queue)
          else if (!this.queues.has(change.queue)) {
            const queue = createQueue(change.queue, change.settings, this.timeMs)
            this.queues.set(change.queue, queue)
          }
        }
        this.cursor = Math.max(this.cursor, command.upTo)
        return { type: 'done' }
      case 'advance-marks':
        for (const { queue, mark } of command.marks) {
          const row = this.queues.get(queue)
          if (row !== undefined) moveMark(row, Math.max(row.mark, mark))
        }
        return { type: 'done' }
      case 'detach-session': {
        for (const queue of this.queues.values()) {
          leave(queue, this.timeMs, ({ session }) => session === command.session)
        }
        let messages = 0
        for (const { queue, ranges } of command.releases) messages += this.#release(queue, ranges)
        return { type: 'returned', messages }
      }
      case 'detach-consumer': {
        const queue = this.queues.get(command.queue)
        if (queue !== undefined) {
          leave(queue, this.timeMs, (key) => isSame(key, command.consumer))
        }
        return { type: 'returned', messages: this.#release(command.queue, command.release) }
      }
      case 'settle':
        return this.#settle(command)
      case 'expire-messages':
        return expireNamed(this.queues, command.queues, this.timeMs, this.#termStartMs)
      case 'tick':
      case 'activate-version':
        return { type: 'done' }
      default:
        return commandQueue(this.queues.get(command.queue), command, {
          ...this.#times,
          closingMs: this.#limits.closingMs
        })
    }
  }

  #release(id: number, triples: readonly number[]): number {
    const queue = this.queues.get(id)
    if (queue === undefined) return 0
    const { count } = giveBack(queue, triples, this.#times)
    dropHead(queue, this.#times)
    return count
  }

  #settle(command: SettleCommand): SectionReply {
    const queue = this.queues.get(command.queue)
    const { ranges } = command
    if (queue !== undefined && (command.outcome === 'released' || command.outcome === 'unseen')) {
      const { stale } = giveBack(queue, ranges, this.#times, command.outcome === 'released')
      dropHead(queue, this.#times)
      return { type: 'settled', stale: pairs(stale) }
    }
    const stale: number[] = []
    for (let at = 0; at < ranges.length; at += 3) {
      for (let offset = ranges[at] ?? 0; offset <= (ranges[at + 1] ?? 0); offset++) {
        const position =
          queue?.messages.findIndex(
            (item) => item.offset === offset && item.attempt === ranges[at + 2]
          ) ?? -1
        if (position < 0) stale.push(offset)
        else if (queue !== undefined) {
          const messages = queue.messages.splice(position, 1)
          if (command.outcome !== 'rejected') continue
          die(queue, messages, 'rejected', this.timeMs, this.#termStartMs)
        }
      }
    }
    return { type: 'settled', stale: pairs(stale) }
  }
}
