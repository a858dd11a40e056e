// A shard as plainly as it can be said: messages are objects in a map by offset, what was applied
// of a producer is a set. It is fed what was committed and nothing else, and the production machine
// is compared with it (checkers/shard-comparison.ts). It shares no structure with the machine.
import {
  consumerId,
  isReserving,
  type PublishHeader,
  type SectionReply,
  type SettleCommand,
  type ShardCommand,
  type ShardLimits,
  type TransactionHeader
} from '@holdfast/broker'
import { expireNamed, ownTtlMs } from './reference-expiry.ts'
import { ReferenceGateways } from './reference-gateways.ts'
import { comeBack, dropHead, hasRoom, moveMark } from './reference-length.ts'
import { blankQueue, depart, die, expire, isOpenAt, isSpent } from './reference-lifetimes.ts'
import { fillRoom } from './reference-priorities.ts'
import { commandQueue } from './reference-queue-commands.ts'
import { done, forEachOffset, refused } from './reference-replies.ts'
import type { ReferenceProducer, ReferenceQueue, ReferenceRecord } from './reference-types.ts'

export class ReferenceShard {
  readonly queues: Map<number, ReferenceQueue> = new Map()
  /** What bodies begin with that were ever put into a queue, be that gone in the same entry. */
  readonly stored: Set<string> = new Set()
  readonly #producers = new Map<string, ReferenceProducer>()
  readonly gateways: ReferenceGateways = new ReferenceGateways()
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
    this.gateways.expire(this.#timeMs, gatewayExpiryMs)
  }

  /** `records`: null if they are malformed. */
  publish(header: PublishHeader, records: readonly ReferenceRecord[] | null): SectionReply {
    return this.gateways.numbered(header, this.#timeMs, () =>
      records === null ? this.#unreadable(header) : this.#records(header, records)
    )
  }

  /** All of it, or nothing. `records`: of each publish; null where they are malformed. */
  transaction(
    header: TransactionHeader,
    records: readonly (readonly ReferenceRecord[] | null)[]
  ): SectionReply {
    const { publishes, settlements, queues } = header
    return this.gateways.numbered(header, this.#timeMs, () => {
      if (records.includes(null)) return refused('FRAME_INVALID')
      if (!queues.every((id) => this.#isOpen(id))) return refused('QUEUE_NOT_FOUND')
      if (!settlements.every((settlement) => this.#isHeld(settlement))) {
        return refused('DELIVERY_STALE')
      }
      const isFull = queues.some((id) => {
        const own = publishes.flatMap((publish, at) =>
          publish.queues.includes(id) ? (records[at] ?? []) : []
        )
        return !this.#hasRoom(id, own)
      })
      if (isFull) return refused('QUEUE_FULL')
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
    const { firstSequence } = producer
    for (let at = 0; at < count; at += 1) {
      if (row.refused.has(firstSequence + at)) return refused('QUEUE_FULL')
    }
    return { type: 'repeated', missing: [] }
  }

  #isOpen(id: number): boolean {
    return isOpenAt(this.queues.get(id), this.#timeMs)
  }

  #hasRoom(id: number, records: readonly ReferenceRecord[]): boolean {
    const queue = this.queues.get(id)
    return queue === undefined || hasRoom(queue, records)
  }

  /** Into each that has room, and whether all have; a dead letter into all or none. */
  #push(
    { isDeadLetter }: PublishHeader,
    targets: readonly number[],
    records: readonly ReferenceRecord[]
  ): boolean {
    const full = targets.filter((id) => !this.#hasRoom(id, records))
    if (full.length > 0 && isDeadLetter) return false
    for (const { sizeBytes, ttlMs, body, priority: asked } of records) {
      for (const id of targets) {
        const queue = this.queues.get(id)
        const isRefused = full.includes(id)
        const { overflow } = queue?.settings.lengthLimit ?? {}
        if (queue === undefined || (isRefused && overflow !== 'reject-publish-dlx')) continue
        queue.tail += 1
        const deadlineMs = this.#timeMs + Math.min(ttlMs, ownTtlMs(queue))
        const counts = { attempt: 0, deliveryCount: 0 }
        const { maxPriority } = queue.settings
        const isOut = isReserving(queue.settings) && queue.tail <= queue.mark
        const priority = Math.min(asked, maxPriority)
        const message = { entry: this.#entry, sizeBytes, deadlineMs, priority, isOut, ...counts }
        if (maxPriority > 0) queue.mark = Math.max(queue.mark, queue.tail)
        queue.messages.set(queue.tail, message)
        queue.bodies.set(queue.tail, body)
        this.stored.add(body.split('|')[0] ?? '')
        if (isRefused) die(queue, queue.tail, this.#termStartMs)
        if (maxPriority === 0) dropHead(queue, this.#termStartMs)
      }
    }
    // With priorities all at once, since the weakest may come first or last.
    for (const id of targets) {
      const queue = this.queues.get(id)
      if (queue !== undefined) dropHead(queue, this.#termStartMs)
    }
    return full.length === 0
  }

  #records(header: PublishHeader, records: readonly ReferenceRecord[]): SectionReply {
    const { queues, producer, isDeadLetter } = header
    const targets = queues.filter((id) => this.#isOpen(id))
    const missing = queues.filter((id) => !this.#isOpen(id))
    if (producer === null) {
      const isTaken = this.#push(header, targets, records)
      return isTaken ? { type: 'accepted', missing } : refused('QUEUE_FULL')
    }
    const { key, epoch, firstSequence, lowestUnconfirmed } = producer
    let row = this.#producers.get(key)
    if (row !== undefined && epoch < row.epoch) return refused('PRODUCER_FENCED')
    if (row === undefined || epoch > row.epoch) {
      if (!producer.first) return refused('PRODUCER_EXPIRED')
      row = { epoch, applied: new Set(), refused: new Set(), lowest: 1, lastMs: 0 }
      this.#producers.set(key, row)
    }
    row.lastMs = this.#timeMs
    row.lowest = Math.max(row.lowest, lowestUnconfirmed)
    const { applied, lowest, refused: refusedBefore } = row
    const places = records.map((_, at) => firstSequence + at).filter((each) => each >= lowest)
    const fresh = places.filter((sequence) => !applied.has(sequence))
    const wasRefused = places.some((sequence) => refusedBefore.has(sequence))
    if (fresh.length > 0 && targets.length === 0 && missing.length > 0) {
      return { type: 'accepted', missing }
    }
    const own = fresh.flatMap((sequence) => records[sequence - firstSequence] ?? [])
    const isTaken = fresh.length === 0 || this.#push(header, targets, own)
    if (!isTaken && isDeadLetter) return refused('QUEUE_FULL')
    for (const sequence of fresh) {
      applied.add(sequence)
      if (!isTaken) refusedBefore.add(sequence)
    }
    if (!isTaken || wasRefused) return refused('QUEUE_FULL')
    return fresh.length > 0 ? { type: 'accepted', missing } : { type: 'repeated', missing: [] }
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
          if (row !== undefined) moveMark(row, Math.max(row.mark, mark))
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
        return commandQueue(this.queues.get(command.queue), command, {
          timeMs: this.#timeMs,
          termStartMs: this.#termStartMs,
          closingMs: this.#limits.closingMs
        })
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
  #release(id: number, triples: readonly number[], stale: number[] = [], counts = 1): number {
    const queue = this.queues.get(id)
    let count = 0
    forEachOffset(triples, 3, (offset, attempt) => {
      const message = queue?.messages.get(offset)
      if (message === undefined || message.attempt !== attempt) {
        stale.push(offset)
        return
      }
      message.attempt += 1
      message.deliveryCount += counts
      if (queue === undefined) return
      if (isSpent(queue, message)) die(queue, offset, this.#termStartMs)
      else {
        comeBack(queue, message)
        count += 1
      }
    })
    if (queue === undefined) return 0
    fillRoom(queue)
    dropHead(queue, this.#termStartMs)
    return count
  }

  #settle({ queue: id, outcome, ranges }: SettleCommand): SectionReply {
    const stale: number[] = []
    if (outcome === 'released') this.#release(id, ranges, stale)
    else if (outcome === 'unseen') this.#release(id, ranges, stale, 0)
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
}
