// A shard in plain arrays and maps: what the machine must do, without any of its structures.
// Messages are objects, sequences are sets; it is slow and obviously right.
import type {
  PublishSection,
  SectionReply,
  SettleCommand,
  ShardCommand,
  TransactionSection
} from '../src/index.ts'
import { die, giveBack } from './reference-deaths.ts'
import { deadlineOf, expireNamed, isIn, pairs } from './reference-expiry.ts'
import { ReferenceGateways } from './reference-gateways.ts'
import { activate, createQueue, expireAt, isOpen, isSame, leave } from './reference-lifetimes.ts'
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
      for (const [at, publish] of publishes.entries()) {
        const own = records[at] ?? []
        for (const id of publish.queues) for (const record of own) this.#push(id, publish, record)
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

  #publishRecords(section: PublishSection, records: readonly Uint8Array[]): SectionReply {
    const missing = section.queues.filter((id) => this.#open(id) === undefined)
    const { producer } = section
    if (producer === null) {
      for (const id of section.queues) for (const record of records) this.#push(id, section, record)
      return { type: 'accepted', missing }
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
      row = { epoch: producer.epoch, applied: new Set(), lowest: 1, lastMs: 0 }
      this.#producers.set(key, row)
    }
    row.lastMs = this.timeMs
    row.lowest = Math.max(row.lowest, producer.lowestUnconfirmed)
    const { lowest, applied } = row
    const isNowhere = missing.length > 0 && missing.length === section.queues.length
    let isNew = false
    for (const [position, record] of records.entries()) {
      const sequence = producer.firstSequence + position
      if (sequence < lowest || applied.has(sequence)) continue
      isNew = true
      if (isNowhere) continue
      applied.add(sequence)
      for (const id of section.queues) this.#push(id, section, record)
    }
    if (isNew) return { type: 'accepted', missing }
    return { type: 'repeated', missing: [] }
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
      attempt: 0,
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
          if (row !== undefined) row.mark = Math.max(row.mark, mark)
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
        return this.#queueCommand(command)
    }
  }

  #release(id: number, triples: readonly number[]): number {
    const queue = this.queues.get(id)
    if (queue === undefined) return 0
    let covered = 0
    for (let at = 0; at < triples.length; at += 3) {
      covered += (triples[at + 1] ?? 0) - (triples[at] ?? 0) + 1
    }
    return covered - giveBack(queue, triples).length
  }

  #settle(command: SettleCommand): SectionReply {
    const queue = this.queues.get(command.queue)
    const { ranges } = command
    if (queue !== undefined && command.outcome === 'released') {
      return { type: 'settled', stale: pairs(giveBack(queue, ranges)) }
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

  #queueCommand(
    command: Exclude<
      Extract<ShardCommand, { readonly queue: number }>,
      { type: 'settle' | 'detach-consumer' }
    >
  ): SectionReply {
    const queue = this.queues.get(command.queue)
    if (command.type === 'remove-dead-letters') {
      if (queue !== undefined) {
        queue.dead = queue.dead.filter(({ number }) => !isIn(command.numbers, number))
      }
      return { type: 'done' }
    }
    const name = { queue: `q${command.queue}`, vhost: '/' }
    const notFound: SectionReply = {
      type: 'refused',
      code: 'QUEUE_NOT_FOUND',
      details: { queue: command.queue, vhost: '' }
    }
    if (queue === undefined) return notFound
    if (command.type === 'attach-consumer') {
      if (!isOpen(queue, this.timeMs)) return notFound
      const others = queue.consumers.filter(({ key }) => !isSame(key, command.consumer))
      const isChosen = command.exclusive && queue.settings.singleActive
      if (isChosen || others.some(({ exclusive }) => exclusive || command.exclusive)) {
        return { type: 'refused', code: 'QUEUE_EXCLUSIVE', details: name }
      }
      const own = queue.consumers.find(({ key }) => isSame(key, command.consumer))
      const { consumer: key, exclusive, priority } = command
      if (own !== undefined) Object.assign(own, { exclusive, priority })
      else queue.consumers.push({ key, exclusive, priority })
      activate(queue)
      return { type: 'done' }
    }
    if (command.type === 'use-queue') {
      if (queue.isOver) return { type: 'closing', messages: queue.messages.length }
      queue.usedMs = this.timeMs
      return { type: 'done' }
    }
    if (command.type === 'delete-queue-if') {
      if (command.ifUnused && queue.consumers.length > 0) {
        return { type: 'refused', code: 'QUEUE_IN_USE', details: name }
      }
      if (command.ifEmpty && queue.messages.length + queue.dead.length > 0) {
        return { type: 'refused', code: 'QUEUE_NOT_EMPTY', details: name }
      }
      queue.closingUntilMs = this.timeMs + this.#limits.closingMs
      return { type: 'closing', messages: queue.messages.length }
    }
    if (command.type === 'purge-queue') {
      const kept = queue.messages.filter(({ offset }) => isIn(command.keep, offset))
      const messages = queue.messages.length - kept.length
      queue.messages = kept
      queue.dead = []
      return { type: 'purged', messages }
    }
    let messages = 0
    for (const message of queue.messages) {
      if (message.offset > queue.mark || isIn(command.claimed, message.offset)) continue
      message.attempt++
      messages++
    }
    return { type: 'returned', messages }
  }
}
