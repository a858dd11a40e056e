// A shard as plainly as it can be said: messages are objects in a map by offset, what was applied
// of a producer is a set. It is fed what was committed and nothing else, and the production machine
// is compared with it (checkers/shard-comparison.ts). It shares no structure with the machine.
import {
  consumerId,
  type PublishHeader,
  type SectionReply,
  type SettleCommand,
  type ShardCommand,
  type ShardLimits,
  type TransactionHeader
} from '@holdfast/broker'
import { expireNamed, ownTtlMs } from './reference-expiry.ts'
import { ReferenceGateways } from './reference-gateways.ts'
import { blankQueue, depart, die, expire, isOpenAt, succeed } from './reference-lifetimes.ts'
import type { ReferenceProducer, ReferenceQueue, ReferenceRecord } from './reference-types.ts'

const done: SectionReply = { type: 'done' }

function refused(code: Extract<SectionReply, { type: 'refused' }>['code']): SectionReply {
  return { type: 'refused', code, details: {} }
}

/** Calls `visit` for each offset of flat pairs or triples, in their order. */
export function forEachOffset(
  ranges: readonly number[],
  width: 2 | 3,
  visit: (offset: number, attempt: number) => void
): void {
  for (let at = 0; at < ranges.length; at += width) {
    const [first = 0, last = 0, attempt = 0] = ranges.slice(at, at + width)
    for (let offset = first; offset <= last; offset += 1) visit(offset, attempt)
  }
}

function offsetsOf(pairs: readonly number[]): Set<number> {
  const offsets = new Set<number>()
  forEachOffset(pairs, 2, (offset) => offsets.add(offset))
  return offsets
}

export class ReferenceShard {
  readonly queues: Map<number, ReferenceQueue> = new Map()
  readonly #producers = new Map<string, ReferenceProducer>()
  readonly #gateways = new ReferenceGateways()
  readonly #limits: Pick<ShardLimits, 'producerExpiryMs' | 'gatewayExpiryMs' | 'closingMs'>
  #timeMs = 0
  #term = 0
  #termStartMs = 0
  #cursor = 0
  #entry = 0

  constructor(limits: Pick<ShardLimits, 'producerExpiryMs' | 'gatewayExpiryMs' | 'closingMs'>) {
    this.#limits = limits
  }

  get timeMs(): number {
    return this.#timeMs
  }

  startEntry(index: number, term: number, timeMs: number): void {
    this.#entry = index
    this.#timeMs = Math.max(this.#timeMs, timeMs)
    if (term > this.#term) this.#termStartMs = this.#timeMs
    this.#term = term
    for (const queue of this.queues.values()) expire(queue, this.#timeMs)
    const { producerExpiryMs, gatewayExpiryMs } = this.#limits
    for (const [key, { lastMs }] of this.#producers) {
      if (this.#timeMs - lastMs >= producerExpiryMs) this.#producers.delete(key)
    }
    this.#gateways.expire(this.#timeMs, gatewayExpiryMs)
  }

  /** `records`: null if they are malformed. */
  publish(header: PublishHeader, records: readonly ReferenceRecord[] | null): SectionReply {
    return this.#gateways.numbered(header, this.#timeMs, () =>
      records === null ? this.#unreadable(header) : this.#records(header, records)
    )
  }

  /** All of it, or nothing. `records`: of each publish; null where they are malformed. */
  transaction(
    header: TransactionHeader,
    records: readonly (readonly ReferenceRecord[] | null)[]
  ): SectionReply {
    const { publishes, settlements, queues } = header
    return this.#gateways.numbered(header, this.#timeMs, () => {
      if (records.includes(null)) return refused('FRAME_INVALID')
      if (!queues.every((id) => this.#isOpen(id))) return refused('QUEUE_NOT_FOUND')
      if (!settlements.every((settlement) => this.#isHeld(settlement))) {
        return refused('DELIVERY_STALE')
      }
      for (const [at, publish] of publishes.entries()) this.#records(publish, records[at] ?? [])
      for (const settlement of settlements) this.#settle(settlement)
      return { type: 'accepted', missing: [] }
    })
  }

  #isHeld({ queue, ranges }: SettleCommand): boolean {
    const messages = this.queues.get(queue)?.messages
    let isHeld = true
    forEachOffset(ranges, 3, (offset, attempt) => {
      isHeld &&= messages?.get(offset)?.attempt === attempt
    })
    return isHeld
  }

  /** What was applied before is done, whatever lies in the place of its records. */
  #unreadable({ producer, count }: PublishHeader): SectionReply {
    const row = producer === null ? undefined : this.#producers.get(producer.key)
    if (producer === null || row?.epoch !== producer.epoch) return refused('FRAME_INVALID')
    for (let at = 0; at < count; at += 1) {
      const sequence = producer.firstSequence + at
      if (sequence >= row.lowest && !row.applied.has(sequence)) return refused('FRAME_INVALID')
    }
    return { type: 'repeated', missing: [] }
  }

  #isOpen(id: number): boolean {
    return isOpenAt(this.queues.get(id), this.#timeMs)
  }

  #records({ queues, producer }: PublishHeader, records: readonly ReferenceRecord[]): SectionReply {
    const targets = queues.filter((id) => this.#isOpen(id))
    const missing = queues.filter((id) => !this.#isOpen(id))
    const push = ({ sizeBytes, ttlMs, body }: ReferenceRecord): void => {
      for (const id of targets) {
        const queue = this.queues.get(id)
        if (queue === undefined) continue
        queue.tail += 1
        const deadlineMs = this.#timeMs + Math.min(ttlMs, ownTtlMs(queue))
        const counts = { attempt: 0, deliveryCount: 0 }
        queue.messages.set(queue.tail, { entry: this.#entry, sizeBytes, deadlineMs, ...counts })
        queue.bodies.set(queue.tail, body)
      }
    }
    if (producer === null) {
      records.forEach(push)
      return { type: 'accepted', missing }
    }
    const { key, epoch, firstSequence, lowestUnconfirmed } = producer
    let row = this.#producers.get(key)
    if (row !== undefined && epoch < row.epoch) return refused('PRODUCER_FENCED')
    if (row === undefined || epoch > row.epoch) {
      if (!producer.first) return refused('PRODUCER_EXPIRED')
      row = { epoch, applied: new Set(), lowest: 1, lastMs: 0 }
      this.#producers.set(key, row)
    }
    row.lastMs = this.#timeMs
    row.lowest = Math.max(row.lowest, lowestUnconfirmed)
    const { applied, lowest } = row
    const isNew = (at: number): boolean =>
      firstSequence + at >= lowest && !applied.has(firstSequence + at)
    if (!records.some((_, at) => isNew(at))) return { type: 'repeated', missing: [] }
    const isNowhere = targets.length === 0 && missing.length > 0
    records.forEach((record, at) => {
      if (isNowhere || !isNew(at)) return
      applied.add(firstSequence + at)
      push(record)
    })
    return { type: 'accepted', missing }
  }

  command(command: ShardCommand): SectionReply {
    switch (command.type) {
      case 'settle':
        return this.#settle(command)
      case 'topology':
        return this.#topology(command)
      case 'advance-marks':
        for (const { queue, mark } of command.marks) {
          const row = this.queues.get(queue)
          if (row !== undefined) row.mark = Math.max(row.mark, mark)
        }
        return done
      case 'detach-session': {
        for (const queue of this.queues.values()) {
          depart(queue, this.#timeMs, (key) => key.startsWith(`${command.session}/`))
        }
        const returned = command.releases.map(({ queue, ranges }) => this.#release(queue, ranges))
        return { type: 'returned', messages: returned.reduce((sum, count) => sum + count, 0) }
      }
      case 'detach-consumer': {
        const queue = this.queues.get(command.queue)
        const id = consumerId(command.consumer)
        if (queue !== undefined) depart(queue, this.#timeMs, (key) => key === id)
        return { type: 'returned', messages: this.#release(command.queue, command.release) }
      }
      case 'expire-messages':
        return expireNamed(this.queues, command.queues, this.#timeMs, this.#termStartMs)
      case 'tick':
      case 'activate-version':
        return done
      default:
        return this.#queueCommand(command)
    }
  }

  #topology({ changes, upTo }: Extract<ShardCommand, { type: 'topology' }>): SectionReply {
    for (const change of changes) {
      if (change.cursor <= this.#cursor) continue
      if (change.type === 'delete-queue') this.queues.delete(change.queue)
      else if (!this.queues.has(change.queue)) {
        this.queues.set(change.queue, blankQueue(change, change.settings, this.#timeMs))
      }
    }
    this.#cursor = Math.max(this.#cursor, upTo)
    return done
  }

  /** How many came back for another attempt; `stale` gets the offsets that did not. */
  #release(id: number, triples: readonly number[], stale: number[] = []): number {
    const queue = this.queues.get(id)
    let count = 0
    forEachOffset(triples, 3, (offset, attempt) => {
      const message = queue?.messages.get(offset)
      if (message === undefined || message.attempt !== attempt) {
        stale.push(offset)
        return
      }
      message.attempt += 1
      message.deliveryCount += 1
      count += 1
    })
    return queue === undefined ? 0 : count
  }

  #settle({ queue: id, outcome, ranges }: SettleCommand): SectionReply {
    const stale: number[] = []
    if (outcome === 'released') this.#release(id, ranges, stale)
    else {
      const queue = this.queues.get(id)
      forEachOffset(ranges, 3, (offset, attempt) => {
        if (queue?.messages.get(offset)?.attempt !== attempt) stale.push(offset)
        else if (outcome === 'rejected') die(queue, offset, this.#termStartMs)
        else queue.messages.delete(offset)
      })
    }
    return { type: 'settled', stale: stale.flatMap((offset) => [offset, offset]) }
  }

  #queueCommand(
    command: Exclude<
      Extract<ShardCommand, { readonly queue: number }>,
      { type: 'settle' | 'detach-consumer' }
    >
  ): SectionReply {
    const queue = this.queues.get(command.queue)
    if (command.type === 'remove-dead-letters') {
      forEachOffset(command.numbers, 2, (number) => queue?.dead.delete(number))
      return done
    }
    if (queue === undefined) return refused('QUEUE_NOT_FOUND')
    const { messages, consumers } = queue
    switch (command.type) {
      case 'attach-consumer': {
        if (!this.#isOpen(command.queue)) return refused('QUEUE_NOT_FOUND')
        const id = consumerId(command.consumer)
        const others = [...consumers].filter(([key]) => key !== id)
        const { exclusive, priority } = command
        const isTaken = others.some(([, other]) => other.exclusive || exclusive)
        const isChosen = exclusive && queue.settings.singleActive
        if (isTaken || isChosen) return refused('QUEUE_EXCLUSIVE')
        consumers.set(id, { exclusive, priority })
        succeed(queue)
        return done
      }
      case 'use-queue':
        if (queue.isOver) return { type: 'closing', messages: messages.size }
        queue.usedMs = this.#timeMs
        return done
      case 'delete-queue-if':
        if (command.ifUnused && consumers.size > 0) return refused('QUEUE_IN_USE')
        if (command.ifEmpty && messages.size + queue.dead.size > 0)
          return refused('QUEUE_NOT_EMPTY')
        queue.closingUntilMs = this.#timeMs + this.#limits.closingMs
        return { type: 'closing', messages: messages.size }
      case 'purge-queue': {
        const keep = offsetsOf(command.keep)
        const gone = [...messages.keys()].filter((offset) => !keep.has(offset))
        for (const offset of gone) messages.delete(offset)
        queue.dead.clear()
        return { type: 'purged', messages: gone.length }
      }
      case 'return-unclaimed': {
        const claimed = offsetsOf(command.claimed)
        let count = 0
        for (const [offset, message] of messages) {
          if (offset > queue.mark || claimed.has(offset)) continue
          message.attempt += 1
          count += 1
        }
        return { type: 'returned', messages: count }
      }
    }
  }
}
