// Applying a publish: first the gateway's number, then the producer's sequences, then a row for
// each record in each queue (architecture, A9). One pass over the records finds where they start;
// the rest is writing rows.
import { HoldfastError } from '@holdfast/errors'
import { recordLimits } from '@holdfast/record'
import type { Gateway } from './gateways.ts'
import {
  type HeaderProducer,
  type PublishHeader,
  readPublishHeader,
  scanPublish
} from './publish-section.ts'
import type { Producer } from './queue/deduplication.ts'
import type { ShardQueue } from './queue/queue.ts'
import { noDeadlineMs } from './queue/segment.ts'
import { accepted, type Refused, refused, repeated, type SectionReply } from './shard-reply.ts'
import type { ShardState } from './shard-state.ts'
import { timeToLiveMs, unlimitedMs } from './time-to-live.ts'
import type { SectionNumber } from './transaction-section.ts'

/** Where the records of the section at hand start; used within one call only. */
const starts: Uint32Array = new Uint32Array(recordLimits.recordsMax + 1)

/** How long those records live by their own word; null where none says anything. */
let lifetimes: Float64Array | null = null
const lifetimeRows: Float64Array = new Float64Array(recordLimits.recordsMax)
/** When they are due in the queue at hand. */
const deadlines: Float64Array = new Float64Array(recordLimits.recordsMax)

/** Finds where the records of a section start, and how long they live. */
function scan(data: Uint8Array, header: PublishHeader): void {
  scanPublish(data, header, starts)
  lifetimes = null
  for (let record = 0; record < header.count; record++) {
    const ms = timeToLiveMs(data, starts[record] ?? 0)
    if (ms === unlimitedMs && lifetimes === null) continue
    if (lifetimes === null) lifetimes = lifetimeRows.fill(unlimitedMs, 0, header.count)
    lifetimes[record] = ms
  }
}

/** Of the records `from` … `to - 1`: the shorter of the two lives counts. */
function deadlinesIn(
  state: ShardState,
  queue: ShardQueue,
  from: number,
  to: number
): Float64Array | null {
  const { messageTtlMs } = queue.settings
  if (messageTtlMs === null && lifetimes === null) return null
  for (let record = from; record < to; record++) {
    const own = lifetimes === null ? unlimitedMs : (lifetimes[record] ?? unlimitedMs)
    const deadlineMs = state.timeMs + Math.min(own, messageTtlMs ?? unlimitedMs)
    deadlines[record] = Math.min(deadlineMs, noDeadlineMs)
  }
  return deadlines
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
  if (row !== undefined && gateway.epoch < row.epoch) return refused('PRODUCER_FENCED')
  if (row === undefined || gateway.epoch > row.epoch) {
    if (!first) return { type: 'gap', expected: 0 }
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
    return isKnown(state, header) ? repeated : refusal
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
    return applyIdentified(state, header, header.producer, targets, missing ?? [])
  }
  for (const queue of targets) append(state, queue, header, 0, header.count)
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
  for (const queue of targets) append(state, queue, header, 0, header.count)
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
  const due = deadlinesIn(state, queue, from, to)
  queue.index.append(state.index, header.position, starts, from, to, due)
  state.effects.push({ type: 'published', queue: queue.id, first, last: queue.tail })
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

/** Whether all sequences of the section were applied before: its records are not needed again. */
function isKnown({ producers }: ShardState, { producer, count }: PublishHeader): boolean {
  if (producer === null) return false
  const { key, epoch, firstSequence } = producer
  const row = producers.get(key)
  if (row?.epoch !== epoch) return false
  return row.sequences.missing(firstSequence, firstSequence + count - 1).length === 0
}

function applyIdentified(
  state: ShardState,
  header: PublishHeader,
  producer: HeaderProducer,
  targets: readonly ShardQueue[],
  missing: readonly number[]
): SectionReply {
  const row = findProducer(state, producer)
  if ('type' in row) return row
  const { limits } = state
  const first = producer.firstSequence
  const last = first + header.count - 1
  state.producers.touch(row, state.timeMs)
  row.sequences.raise(producer.lowestUnconfirmed)
  const runs = row.sequences.missing(first, last)
  if (runs.length > 0 && row.sequences.runCount >= limits.sequenceRunsMax) {
    const kind = 'runs of unconfirmed publishes of one producer'
    return refused('LIMIT_REACHED', { limit: limits.sequenceRunsMax, kind })
  }
  if (runs.length === 0) return repeated
  // A publish that reaches no queue leaves no trace: routed again, it may reach another of that
  // name.
  if (targets.length === 0 && missing.length > 0) return { type: 'accepted', missing }
  for (let at = 0; at < runs.length; at += 2) {
    const runFirst = runs[at] ?? 0
    const runLast = runs[at + 1] ?? 0
    for (const queue of targets) append(state, queue, header, runFirst - first, runLast - first + 1)
    row.sequences.add(runFirst, runLast)
  }
  return missing.length === 0 ? accepted : { type: 'accepted', missing }
}
