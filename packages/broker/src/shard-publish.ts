// Applying a publish: first the gateway's number, then the producer's sequences, then a row for
// each record in each queue (architecture, A9). One pass over the records finds where they start;
// the rest is writing rows.
import { HoldfastError } from '@holdfast/errors'
import { recordLimits } from '@holdfast/record'
import type { Gateway } from './gateways.ts'
import { prioritiesIn, readPriorities } from './message-priority.ts'
import {
  type HeaderProducer,
  type PublishHeader,
  readPublishHeader,
  scanPublish
} from './publish-section.ts'
import type { Producer } from './queue/deduplication.ts'
import type { ReservedRows } from './queue/message-row.ts'
import type { ShardQueue } from './queue/queue.ts'
import { isReserving } from './queue/settings.ts'
import { leave } from './shard-leaving.ts'
import { dropHead, hasRoom, queueFull, readBodySizes, refusesMore } from './shard-length.ts'
import { accepted, type Refused, refused, repeated, type SectionReply } from './shard-reply.ts'
import type { ShardState } from './shard-state.ts'
import { deadlinesIn, readLifetimes } from './time-to-live.ts'
import type { SectionNumber } from './transaction-section.ts'

/** Where the records of the section at hand start; used within one call only. */
const starts: Uint32Array = new Uint32Array(recordLimits.recordsMax + 1)

/** Sizes of their bodies, where a queue counts them. */
const bodies: Uint32Array = new Uint32Array(recordLimits.recordsMax)

/** Finds where the records of a section start, and how long they live. */
function scan(data: Uint8Array, header: PublishHeader): void {
  scanPublish(data, header, starts)
  readLifetimes(data, starts, header.count)
}

/** A coded error of a decoder as a reply; anything else is a defect and goes on. */
export function refusalOf(error: unknown): Refused {
  if (!(error instanceof HoldfastError)) throw error
  return refused(error.code, error.details)
}

export function applyPublish(state: ShardState, data: Uint8Array, position: number): SectionReply {
  let header: PublishHeader
  try {
    header = readPublishHeader(data, position)
  } catch (error) {
    return refusalOf(error)
  }
  return applyNumbered(state, header, () => applyRecords(state, data, header))
}

/** What has a number of a gateway's happens once, in the order of the numbers. */
export function applyNumbered(
  state: ShardState,
  { gateway, number, first }: SectionNumber,
  apply: () => SectionReply
): SectionReply {
  let row = state.gateways.get(gateway.replica)
  if (row !== undefined && gateway.epoch < row.epoch) {
    return refused('PRODUCER_FENCED', { gatewayEpoch: row.epoch })
  }
  const isNew = row === undefined || gateway.epoch > row.epoch
  if (isNew && !first) return { type: 'gap', expected: 0 }
  // All before a gateway's first has its answer: a shard that expects one of those has lost the end
  // of its log, and nobody will ever send it.
  if (row === undefined || isNew || (first && number > row.next)) {
    row = state.gateways.open(gateway.replica, gateway.epoch, number, state.timeMs)
  }
  if (number < row.next) return repeatedReply(row, number)
  if (number > row.next) return { type: 'gap', expected: row.next }
  const reply = apply()
  state.gateways.advance(row, state.timeMs, reply)
  return reply
}

/** What the number got when it was applied; only 'accepted' becomes 'repeated'. */
function repeatedReply(row: Gateway, number: number): SectionReply {
  const outcome = row.outcomes.get(number)
  if (outcome === undefined) return repeated
  return outcome.type === 'accepted' ? { type: 'repeated', missing: outcome.missing } : outcome
}

function applyRecords(state: ShardState, data: Uint8Array, header: PublishHeader): SectionReply {
  try {
    scan(data, header)
  } catch (error) {
    const refusal = refusalOf(error)
    return knownReply(state, header) ?? refusal
  }
  const targets: ShardQueue[] = []
  let missing: number[] | null = null
  for (const id of header.queues) {
    const queue = state.queues.get(id)
    if (queue !== undefined && !queue.isClosing(state.timeMs)) targets.push(queue)
    else if (missing === null) missing = [id]
    else missing.push(id)
  }
  if (header.producer !== null) {
    return applyIdentified(state, data, header, header.producer, targets, missing ?? [])
  }
  const refusing = distribute(state, data, header, targets, null)
  if (refusing !== null) return queueFull(refusing)
  return missing === null ? accepted : { type: 'accepted', missing }
}

/** @throws FRAME_INVALID, MESSAGE_TOO_LARGE, OPTION_UNKNOWN, OPTION_INVALID */
export function checkRecords(data: Uint8Array, header: PublishHeader): void {
  scanPublish(data, header, starts)
}

/** Puts records that were checked into queues, without any regard to who sent them. */
export function appendRecords(
  state: ShardState,
  data: Uint8Array,
  header: PublishHeader,
  targets: readonly ShardQueue[]
): void {
  scan(data, header)
  distribute(state, data, header, targets, null)
}

/** Sizes of the bodies of records that were checked. */
export function bodySizesOf(data: Uint8Array, header: PublishHeader): readonly number[] {
  scanPublish(data, header, starts)
  readBodySizes(data, starts, header.count, bodies)
  return sizesOf([0, header.count])
}

/** Rows for the records `from` … `to - 1`. */
function append(
  state: ShardState,
  queue: ShardQueue,
  header: PublishHeader,
  from: number,
  to: number
): void {
  const first = queue.tail + 1
  queue.touch()
  const due = deadlinesIn(state.timeMs, queue.settings.messageTtlMs, from, to)
  const reserved = isReserving(queue.settings) ? reservedRows(queue, from, to) : null
  queue.index.append(state.index, header.position, starts, from, to, due, reserved)
  state.effects.push({ type: 'published', queue: queue.id, first, last: queue.tail })
}

/** What a queue has to know of the records `from` … `to - 1` that reserves them for consumers. */
function reservedRows({ settings, mark }: ShardQueue, from: number, to: number): ReservedRows {
  const { lengthLimit, maxPriority } = settings
  return {
    bodies: lengthLimit === null ? null : bodies,
    priorities: maxPriority === 0 ? null : prioritiesIn(maxPriority, from, to),
    outUpTo: mark
  }
}

/**
 * Puts records into the queues that take them: `from` … `to - 1` for each pair of `parts`, or all.
 * Returns the first of those that are full and refuse them: the others take them all the same, but
 * for a dead letter, which waits until all have room.
 */
function distribute(
  state: ShardState,
  data: Uint8Array,
  header: PublishHeader,
  targets: readonly ShardQueue[],
  parts: readonly number[] | null
): ShardQueue | null {
  if (targets.some(({ settings }) => isReserving(settings))) {
    return distributeReserving(state, data, header, targets, parts ?? [0, header.count])
  }
  if (parts === null) {
    for (const queue of targets) append(state, queue, header, 0, header.count)
    return null
  }
  for (let at = 0; at < parts.length; at += 2) {
    for (const queue of targets) append(state, queue, header, parts[at] ?? 0, parts[at + 1] ?? 0)
  }
  return null
}

function distributeReserving(
  state: ShardState,
  data: Uint8Array,
  header: PublishHeader,
  targets: readonly ShardQueue[],
  parts: readonly number[]
): ShardQueue | null {
  readBodySizes(data, starts, header.count, bodies)
  const hasPriorities = targets.some(({ settings }) => settings.maxPriority > 0)
  if (hasPriorities) readPriorities(data, starts, header.count)
  const sizes = sizesOf(parts)
  const full = new Set(targets.filter((queue) => !hasRoom(queue, sizes)))
  const [refusing = null] = full
  if (refusing !== null && header.isDeadLetter) return refusing
  for (let at = 0; at < parts.length; at += 2) {
    const [from = 0, to = 0] = [parts[at], parts[at + 1]]
    for (const queue of targets) {
      if (!full.has(queue)) append(state, queue, header, from, to)
      else if (queue.settings.lengthLimit?.overflow === 'reject-publish-dlx') {
        append(state, queue, header, from, to)
        leave(state, queue, [queue.tail - (to - from) + 1, queue.tail], 'maxlen')
      }
    }
  }
  for (const queue of targets) dropHead(state, queue)
  return refusing
}

function sizesOf(parts: readonly number[]): readonly number[] {
  const sizes: number[] = []
  for (let at = 0; at < parts.length; at += 2) {
    for (const size of bodies.subarray(parts[at], parts[at + 1])) sizes.push(size)
  }
  return sizes
}

/** The producer's row, or why it may not publish. */
function findProducer(state: ShardState, producer: HeaderProducer): Producer | Refused {
  const { producers, limits } = state
  const { key } = producer
  const row = producers.get(key)
  if (row !== undefined && producer.epoch < row.epoch) return refused('PRODUCER_FENCED')
  if (row !== undefined && producer.epoch === row.epoch) return row
  if (!producer.first) return refused('PRODUCER_EXPIRED')
  if (row === undefined && producers.isFull(key)) {
    return refused('PRODUCERS_FULL', { group: state.group, limit: limits.producersMax })
  }
  return producers.open(key, producer.epoch, state.timeMs)
}

/** What is said of a section whose sequences were all applied before; null if they were not. */
function knownReply(state: ShardState, header: PublishHeader): SectionReply | null {
  const { producer, count } = header
  if (producer === null) return null
  const { key, epoch, firstSequence } = producer
  const row = state.producers.get(key)
  if (row?.epoch !== epoch) return null
  const runs = row.sequences.missing(firstSequence, firstSequence + count - 1)
  return runs.length > 0 ? null : (refusedBefore(state, header, row) ?? repeated)
}

/** A queue that was full refused some of it: what it gets now must not be a confirm. */
function refusedBefore(
  state: ShardState,
  { producer, count, queues }: PublishHeader,
  row: Producer
): Refused | null {
  const first = producer?.firstSequence ?? 0
  if (!row.refused.hasAny(first, first + count - 1)) return null
  for (const id of queues) {
    const queue = state.queues.get(id)
    if (queue !== undefined && refusesMore(queue)) return queueFull(queue)
  }
  return refused('QUEUE_FULL', { queue: queues[0] ?? 0, vhost: '' })
}

function applyIdentified(
  state: ShardState,
  data: Uint8Array,
  header: PublishHeader,
  producer: HeaderProducer,
  targets: readonly ShardQueue[],
  missing: readonly number[]
): SectionReply {
  const row = findProducer(state, producer)
  if ('type' in row) return row
  const { sequences, refused: refusedSequences } = row
  const first = producer.firstSequence
  const last = first + header.count - 1
  state.producers.touch(row, state.timeMs)
  sequences.raise(producer.lowestUnconfirmed)
  refusedSequences.raise(producer.lowestUnconfirmed)
  const runs = sequences.missing(first, last)
  const runCount = Math.max(sequences.runCount, refusedSequences.runCount)
  if (runs.length > 0 && runCount >= state.limits.sequenceRunsMax) {
    const kind = 'runs of unconfirmed publishes of one producer'
    return refused('LIMIT_REACHED', { limit: state.limits.sequenceRunsMax, kind })
  }
  if (runs.length === 0) return refusedBefore(state, header, row) ?? repeated
  // A publish that reaches no queue leaves no trace: routed again, it may reach another of that
  // name.
  if (targets.length === 0 && missing.length > 0) return { type: 'accepted', missing }
  const isWhole = runs[0] === first && runs[1] === last
  const parts = isWhole ? null : runs.map((sequence, at) => sequence - first + (at % 2))
  const refusing = distribute(state, data, header, targets, parts)
  // Nobody has it, and it will be brought again until all have room.
  if (refusing !== null && header.isDeadLetter) return queueFull(refusing)
  for (let at = 0; at < runs.length; at += 2) {
    const [runFirst = 0, runLast = 0] = [runs[at], runs[at + 1]]
    sequences.add(runFirst, runLast)
    if (refusing !== null) refusedSequences.add(runFirst, runLast)
  }
  const before = refusing === null ? refusedBefore(state, header, row) : queueFull(refusing)
  return before ?? (missing.length === 0 ? accepted : { type: 'accepted', missing })
}
