// The way back from a snapshot (see shard-snapshot.ts for the forms). The store has checked the
// bytes, so a manifest and blobs that do not fit together are a defect, not bad input: an assertion
// fails.
import { AssertionError, assert, HoldfastError } from '@holdfast/errors'
import { unpack } from '@holdfast/record'
import { ByteReader } from './bytes.ts'
import { shardVersion } from './entry-batch.ts'
import type { Gateway } from './gateways.ts'
import { DeadSegment } from './queue/dead-letters.ts'
import { bucketCount, type Producer } from './queue/deduplication.ts'
import { type LengthLimit, overflows } from './queue/length-limit.ts'
import { ShardQueue } from './queue/queue.ts'
import { readSegment } from './queue/saved-segment.ts'
import type { Segment } from './queue/segment.ts'
import { SequenceSet } from './queue/sequence-set.ts'
import type { DeadLetterSettings } from './queue/settings.ts'
import { isItemLive, type SavedBlob, type SavedItem } from './saved-item.ts'
import type { SectionReply } from './shard-reply.ts'
import { itemHeaderBytes, itemKinds, shardSnapshotVersion } from './shard-snapshot.ts'
import { addSession, blankShardState, type ShardOptions, type ShardState } from './shard-state.ts'

export interface RestoredShard {
  readonly state: ShardState
  readonly blobs: readonly SavedBlob[]
  readonly nextBlobId: number
}

/** What blobs hold, before it is put together: items of one queue may be in several blobs. */
interface Parts {
  readonly segments: { readonly queue: number; readonly segment: Segment }[]
  readonly dead: { readonly queue: number; readonly segment: DeadSegment }[]
  readonly producers: Producer[]
  readonly gateways: Gateway[]
}

/** @throws AssertionError */
export function restoreShard(
  manifest: Uint8Array,
  blobs: ReadonlyMap<number, Uint8Array>,
  options: ShardOptions
): RestoredShard {
  try {
    return readSnapshot(manifest, blobs, options)
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
    throw new AssertionError(`a snapshot can be read: ${error.message}`)
  }
}

function readSnapshot(
  manifest: Uint8Array,
  bytesOf: ReadonlyMap<number, Uint8Array>,
  options: ShardOptions
): RestoredShard {
  const reader = new ByteReader(manifest)
  assert(reader.u8() === shardSnapshotVersion, 'the version of a snapshot is known')
  const index = reader.natural()
  const state = blankShardState(options, index)
  state.index = index
  state.term = reader.natural()
  state.timeMs = reader.natural()
  state.deadNumberMin = reader.positive()
  state.version = reader.positive()
  assert(state.version <= shardVersion, 'the machine version of a snapshot is supported')
  state.topologyCursor = reader.natural()
  const nextBlobId = reader.positive()
  const blobs = readBlobRows(reader, nextBlobId)
  reader.finish()
  const parts: Parts = { segments: [], dead: [], producers: [], gateways: [] }
  for (const blob of blobs) {
    const bytes = bytesOf.get(blob.id)
    assert(bytes !== undefined, 'every blob of a manifest is there')
    readBlob(state, blob, bytes, parts)
  }
  assemble(state, parts)
  return { state, blobs, nextBlobId }
}

function readBlobRows(reader: ByteReader, nextBlobId: number): readonly SavedBlob[] {
  const blobs: SavedBlob[] = []
  const count = reader.count(0xffffffff, 12)
  let before = 0
  for (let at = 0; at < count; at++) {
    const id = reader.positive()
    assert(id > before && id < nextBlobId, 'blobs of a manifest ascend')
    before = id
    const itemCount = reader.u32()
    // A copy: the map changes, and the manifest is not ours. (The slice of a Buffer is none.)
    const live = new Uint8Array(reader.raw(Math.ceil(itemCount / 8)))
    blobs.push({ id, itemCount, sizeBytes: 0, live, liveCount: 0, liveBytes: 0, isAbsorbed: false })
  }
  return blobs
}

function readBlob(state: ShardState, blob: SavedBlob, bytes: Uint8Array, parts: Parts): void {
  const reader = new ByteReader(bytes)
  assert(reader.u8() === shardSnapshotVersion, 'the version of a blob is known')
  for (let ordinal = 0; ordinal < blob.itemCount; ordinal++) {
    const length = reader.u32()
    const position = reader.skip(length)
    const sizeBytes = length + itemHeaderBytes - 1
    blob.sizeBytes += sizeBytes
    if (!isItemLive(blob, ordinal)) continue
    blob.liveCount++
    blob.liveBytes += sizeBytes
    const item = new ByteReader(bytes, position, position + length)
    const saved = readItem(state, item, parts)
    assert(saved.blob === null, 'an item is saved once')
    saved.blob = blob
    saved.ordinal = ordinal
    saved.sizeBytes = sizeBytes
    item.finish()
  }
  reader.finish()
}

function readItem(state: ShardState, reader: ByteReader, parts: Parts): SavedItem {
  const kind = reader.u8()
  switch (kind) {
    case itemKinds.queue:
      return readQueue(state, reader)
    case itemKinds.segment: {
      const queue = reader.positive()
      const segment = readSegment(reader)
      parts.segments.push({ queue, segment })
      return segment.saved
    }
    case itemKinds.dead: {
      const queue = reader.positive()
      const segment = DeadSegment.read(reader)
      parts.dead.push({ queue, segment })
      return segment.saved
    }
    case itemKinds.producers: {
      const saved = state.producers.saved[reader.u8()]
      assert(saved !== undefined && state.producers.saved.length === bucketCount, 'buckets exist')
      const count = reader.count(2 * state.limits.producersMax, 44)
      for (let at = 0; at < count; at++) parts.producers.push(readProducer(reader))
      return saved
    }
    case itemKinds.gateways: {
      const count = reader.count(state.limits.gatewaysMax, 36)
      for (let at = 0; at < count; at++) parts.gateways.push(readGateway(reader))
      return state.gateways.saved
    }
    default:
      throw new AssertionError(`an item of kind ${kind} is known`)
  }
}

function readQueue(state: ShardState, reader: ByteReader): SavedItem {
  const id = reader.positive()
  const names = { vhost: reader.text(), name: reader.text() }
  const [tail, mark, closingUntilMs] = [reader.natural(), reader.natural(), reader.natural()]
  const flags = reader.u8()
  const deadLetter = readDeadLetter(reader, flags)
  const lengthLimit = (flags & 32) === 0 ? null : readLengthLimit(reader)
  const deliveryLimit = (flags & 64) === 0 ? null : reader.natural()
  const maxPriority = reader.u8()
  const deadTail = reader.natural()
  const [expiresMs, ttlMs] = [reader.natural(), reader.natural()]
  const settings = {
    autoDelete: (flags & 1) !== 0,
    expiresMs,
    messageTtlMs: (flags & 4) === 0 ? null : ttlMs,
    singleActive: (flags & 2) !== 0,
    deadLetter,
    lengthLimit,
    deliveryLimit,
    maxPriority
  }
  const [usedMs, activation, activeAt] = [reader.natural(), reader.natural(), reader.u32()]
  const queue = new ShardQueue(id, names, settings, state)
  assert(!state.queues.has(id), 'a queue is saved once')
  readConsumers(state, reader, queue)
  const active = [...queue.consumers.keys()][activeAt - 1] ?? null
  queue.restore({ tail, mark, closingUntilMs, usedMs, active, activation, deadTail })
  state.queues.set(id, queue)
  if (!queue.isOver) state.deadlines.note(queue)
  return queue.saved
}

function readDeadLetter(reader: ByteReader, flags: number): DeadLetterSettings | null {
  if ((flags & 8) === 0) return null
  const exchange = reader.text()
  return { exchange, routingKey: (flags & 16) === 0 ? null : reader.text() }
}

function readLengthLimit(reader: ByteReader): LengthLimit {
  const given = reader.u8()
  const [messages, bytes, overflow] = [reader.natural(), reader.natural(), overflows[reader.u8()]]
  assert(overflow !== undefined, 'the overflow of a queue is known')
  const [hasMessages, hasBytes] = [(given & 1) !== 0, (given & 2) !== 0]
  return { messages: hasMessages ? messages : null, bytes: hasBytes ? bytes : null, overflow }
}

function readConsumers(state: ShardState, reader: ByteReader, queue: ShardQueue): void {
  const count = reader.count(state.limits.consumersPerQueueMax, 11)
  for (let at = 0; at < count; at++) {
    const session = reader.text()
    const tag = reader.text()
    const prefetch = reader.u16()
    const flags = reader.u8()
    const [autoAck, exclusive] = [(flags & 1) !== 0, (flags & 2) !== 0]
    const priority = reader.u32() | 0
    queue.attach({ session, tag, prefetch, autoAck, exclusive, priority })
    addSession(state, session, queue.id)
  }
}

function readProducer(reader: ByteReader): Producer {
  const key = String.fromCharCode(...reader.raw(16))
  const epoch = reader.natural()
  const lastMs = reader.natural()
  const [sequences, refused] = [new SequenceSet(), new SequenceSet()]
  const lowest = reader.natural()
  for (const set of [sequences, refused]) {
    const runs: number[] = []
    for (let left = reader.count(0xffffffff, 8); left > 0; left--) runs.push(reader.natural())
    set.restore(lowest, runs)
  }
  return { key, epoch, sequences, refused, lastMs }
}

function readGateway(reader: ByteReader): Gateway {
  const replica = reader.natural()
  const epoch = reader.natural()
  const next = reader.natural()
  const lastMs = reader.natural()
  const outcomes = new Map<number, SectionReply>()
  for (let left = reader.count(0xffffffff, 12); left > 0; left--) {
    const number = reader.natural()
    outcomes.set(number, unpack(reader.raw(reader.u32())) as SectionReply)
  }
  return { replica, epoch, next, lastMs, outcomes }
}

function assemble(state: ShardState, parts: Parts): void {
  parts.segments.sort((a, b) => a.queue - b.queue || a.segment.first - b.segment.first)
  for (const { queue: id, segment } of parts.segments) {
    const queue = state.queues.get(id)
    assert(queue !== undefined, 'a segment belongs to a queue')
    const before = queue.index.segments.at(-1)
    assert(before === undefined || before.end <= segment.first, 'segments do not overlap')
    assert(segment.end <= queue.tail + 1, 'a segment ends at the tail')
    queue.index.restoreSegment(segment)
  }
  assembleDead(state, parts)
  state.producers.restore(parts.producers)
  state.gateways.restore(parts.gateways)
}

function assembleDead(state: ShardState, parts: Parts): void {
  parts.dead.sort((a, b) => a.queue - b.queue || a.segment.first - b.segment.first)
  for (const { queue: id, segment } of parts.dead) {
    const queue = state.queues.get(id)
    assert(queue !== undefined, 'dead letters belong to a queue')
    const before = queue.dead.segments.at(-1)
    assert(before === undefined || before.end <= segment.first, 'dead letters do not overlap')
    assert(segment.end <= queue.dead.tail + 1, 'dead letters end at their tail')
    queue.dead.restoreSegment(segment)
  }
}
