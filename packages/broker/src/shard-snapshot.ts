// Snapshots of a shard: items packed into blobs, and a manifest that says which items of which
// blobs are the state. Only items that changed are written; the others stay in the blobs where they
// are. Message bodies are in the log and never here (architecture, A5).
//
//   manifest := version:u8 index:natural term:natural timeMs:natural deadNumberMin:natural
//               machineVersion:natural topologyCursor:natural nextBlobId:natural blobCount:u32
//               blobRow*
//   blobRow  := id:natural itemCount:u32 live bitmap, a bit per item
//   blob     := version:u8 item*
//   item     := length:u32 kind:u8 payload           length counts kind and payload
import { pack } from '@holdfast/record'
import { ByteWriter } from './bytes.ts'
import type { MachineSnapshot, SnapshotBlob } from './machine.ts'
import { bucketCount, type Producer } from './queue/deduplication.ts'
import { type LengthLimit, overflows } from './queue/length-limit.ts'
import type { ShardQueue } from './queue/queue.ts'
import { writeSegment } from './queue/saved-segment.ts'
import {
  chooseAbsorbed,
  forget,
  needsSaving,
  type SavedBlob,
  type SavedItem
} from './saved-item.ts'
import { type ShardState, sortedQueues } from './shard-state.ts'

export const shardSnapshotVersion = 2

export const itemKinds = { queue: 1, segment: 2, producers: 3, gateways: 4, dead: 5 } as const

/** Bytes of an item beside its payload. */
export const itemHeaderBytes = 5

/** What a saved row of a segment takes without counts; for estimates. */
const rowBytes = 16
const deadRowBytes = 29

/** Packs items into blobs of about equal size. */
class BlobPacker {
  readonly #blobBytes: number
  readonly #blobs: SnapshotBlob[] = []
  readonly #rows: SavedBlob[] = []
  #writer: ByteWriter | null = null
  #row: SavedBlob | null = null
  #nextId: number

  constructor(nextId: number, blobBytes: number) {
    this.#nextId = nextId
    this.#blobBytes = blobBytes
  }

  /** Writes one item, and notes where it is. */
  add(item: SavedItem, kind: number, write: (writer: ByteWriter) => void): void {
    if (this.#writer !== null && this.#writer.length >= this.#blobBytes) this.#close()
    const writer = this.#writer ?? this.#open()
    const row = this.#row
    if (row === null) return
    const start = writer.length
    writer.u32(0)
    writer.u8(kind)
    write(writer)
    writer.patch32(start, writer.length - start - 4)
    forget(item)
    item.blob = row
    item.ordinal = row.itemCount++
    item.sizeBytes = writer.length - start
    row.sizeBytes += item.sizeBytes
  }

  #open(): ByteWriter {
    const writer = new ByteWriter(4096)
    writer.u8(shardSnapshotVersion)
    this.#writer = writer
    this.#row = {
      id: this.#nextId++,
      itemCount: 0,
      sizeBytes: 0,
      live: new Uint8Array(),
      liveCount: 0,
      liveBytes: 0,
      isAbsorbed: false
    }
    return writer
  }

  #close(): void {
    const row = this.#row
    if (this.#writer === null || row === null) return
    row.live = allLive(row.itemCount)
    row.liveCount = row.itemCount
    row.liveBytes = row.sizeBytes
    this.#blobs.push({ id: row.id, bytes: this.#writer.finish() })
    this.#rows.push(row)
    this.#writer = null
    this.#row = null
  }

  finish(): { blobs: readonly SnapshotBlob[]; rows: readonly SavedBlob[]; nextId: number } {
    this.#close()
    return { blobs: this.#blobs, rows: this.#rows, nextId: this.#nextId }
  }
}

function allLive(count: number): Uint8Array {
  const live = new Uint8Array(Math.ceil(count / 8)).fill(0xff)
  if (count % 8 !== 0) live[live.length - 1] = (1 << (count % 8)) - 1
  return live
}

function writeQueue(writer: ByteWriter, queue: ShardQueue): void {
  writer.natural(queue.id)
  writer.text(queue.vhost)
  writer.text(queue.name)
  writer.natural(queue.tail)
  writer.natural(queue.mark)
  writer.natural(queue.closingUntilMs)
  const { autoDelete, expiresMs, messageTtlMs, singleActive } = queue.settings
  const { deadLetter, lengthLimit, deliveryLimit, maxPriority } = queue.settings
  const { exchange, routingKey = null } = deadLetter ?? {}
  const hasDeadLetters = (deadLetter === null ? 0 : 8) | (routingKey === null ? 0 : 16)
  const hasTtl = messageTtlMs === null ? 0 : 4
  const hasLimits = (lengthLimit === null ? 0 : 32) | (deliveryLimit === null ? 0 : 64)
  writer.u8((autoDelete ? 1 : 0) | (singleActive ? 2 : 0) | hasTtl | hasDeadLetters | hasLimits)
  if (exchange !== undefined) writer.text(exchange)
  if (routingKey !== null) writer.text(routingKey)
  if (lengthLimit !== null) writeLengthLimit(writer, lengthLimit)
  if (deliveryLimit !== null) writer.natural(deliveryLimit)
  writer.u8(maxPriority)
  writer.natural(queue.dead.tail)
  writer.natural(expiresMs)
  writer.natural(messageTtlMs ?? 0)
  writer.natural(queue.usedMs)
  writer.natural(queue.activation)
  // The active consumer by its place, counted from 1; 0: none.
  writer.u32([...queue.consumers.keys()].indexOf(queue.active ?? '') + 1)
  writer.u32(queue.consumers.size)
  // In the order of attachment, which is an order of the log.
  for (const consumer of queue.consumers.values()) {
    writer.text(consumer.session)
    writer.text(consumer.tag)
    writer.u16(consumer.prefetch)
    writer.u8((consumer.autoAck ? 1 : 0) | (consumer.exclusive ? 2 : 0))
    writer.u32(consumer.priority >>> 0)
  }
}

function writeLengthLimit(writer: ByteWriter, { messages, bytes, overflow }: LengthLimit): void {
  writer.u8((messages === null ? 0 : 1) | (bytes === null ? 0 : 2))
  writer.natural(messages ?? 0)
  writer.natural(bytes ?? 0)
  writer.u8(overflows.indexOf(overflow))
}

function writeProducers(writer: ByteWriter, bucket: number, rows: readonly Producer[]): void {
  writer.u8(bucket)
  writer.u32(rows.length)
  for (const { key, epoch, lastMs, sequences, refused } of rows) {
    for (let index = 0; index < key.length; index++) writer.u8(key.charCodeAt(index))
    writer.natural(epoch)
    writer.natural(lastMs)
    writer.natural(sequences.lowest)
    writer.u32(sequences.runs.length)
    for (const number of sequences.runs) writer.natural(number)
    writer.u32(refused.runs.length)
    for (const number of refused.runs) writer.natural(number)
  }
}

function writeGateways(writer: ByteWriter, state: ShardState): void {
  const rows = [...state.gateways.rows()]
  writer.u32(rows.length)
  for (const { replica, epoch, next, lastMs, outcomes } of rows) {
    writer.natural(replica)
    writer.natural(epoch)
    writer.natural(next)
    writer.natural(lastMs)
    writer.u32(outcomes.size)
    for (const [number, reply] of outcomes) {
      const packed = pack(reply)
      writer.natural(number)
      writer.u32(packed.length)
      writer.raw(packed)
    }
  }
}

/** Takes snapshots of one state, each on the basis of the one before. */
export class ShardSnapshotter {
  readonly #state: ShardState
  /** The blobs of the last snapshot, ascending. */
  #blobs: readonly SavedBlob[]
  #nextBlobId: number

  constructor(state: ShardState, blobs: readonly SavedBlob[], nextBlobId: number) {
    this.#state = state
    this.#blobs = blobs
    this.#nextBlobId = nextBlobId
  }

  /** What is in the blobs `lost` is written anew: their bytes cannot be read any more. */
  take(lost: ReadonlySet<number>): MachineSnapshot {
    const state = this.#state
    const { blobBytes } = state.limits
    const queues = sortedQueues(state)
    chooseAbsorbed(this.#blobs, lost, this.#changedBytes(queues), blobBytes)
    const packer = new BlobPacker(this.#nextBlobId, blobBytes)
    for (const queue of queues) {
      if (needsSaving(queue.saved)) {
        packer.add(queue.saved, itemKinds.queue, (writer) => writeQueue(writer, queue))
      }
      for (const segment of queue.index.segments) {
        if (segment.liveCount === 0 || !needsSaving(segment.saved)) continue
        packer.add(segment.saved, itemKinds.segment, (writer) => {
          writer.natural(queue.id)
          writeSegment(writer, segment)
        })
      }
      for (const segment of queue.dead.segments) {
        if (!needsSaving(segment.saved)) continue
        packer.add(segment.saved, itemKinds.dead, (writer) => {
          writer.natural(queue.id)
          segment.write(writer)
        })
      }
    }
    this.#addTables(packer)
    const { blobs: newBlobs, rows, nextId } = packer.finish()
    const kept = this.#blobs.filter((blob) => !blob.isAbsorbed && blob.liveCount > 0)
    this.#blobs = [...kept, ...rows]
    this.#nextBlobId = nextId
    return {
      manifest: this.#writeManifest(),
      newBlobs,
      blobs: this.#blobs.map(({ id }) => id),
      freed: state.live.takeFreed(state.index)
    }
  }

  /** Roughly what has to be written because it changed. */
  #changedBytes(queues: readonly ShardQueue[]): number {
    let bytes = 0
    for (const { saved, index, dead, consumers } of queues) {
      if (saved.blob === null) bytes += 100 + consumers.size * 60
      for (const segment of index.segments) {
        if (segment.saved.blob === null) bytes += segment.liveCount * rowBytes
      }
      for (const segment of dead.segments) {
        if (segment.saved.blob === null) bytes += segment.liveCount * deadRowBytes
      }
    }
    return bytes
  }

  #addTables(packer: BlobPacker): void {
    const { producers, gateways } = this.#state
    const buckets: Producer[][] = Array.from({ length: bucketCount }, () => [])
    for (const row of producers.rows()) buckets[row.key.charCodeAt(0)]?.push(row)
    producers.saved.forEach((saved, bucket) => {
      const rows = buckets[bucket] ?? []
      if (rows.length === 0 || !needsSaving(saved)) return
      packer.add(saved, itemKinds.producers, (writer) => writeProducers(writer, bucket, rows))
    })
    if (gateways.size > 0 && needsSaving(gateways.saved)) {
      packer.add(gateways.saved, itemKinds.gateways, (writer) => writeGateways(writer, this.#state))
    }
  }

  #writeManifest(): Uint8Array {
    const state = this.#state
    const writer = new ByteWriter(256)
    writer.u8(shardSnapshotVersion)
    writer.natural(state.index)
    writer.natural(state.term)
    writer.natural(state.timeMs)
    writer.natural(state.deadNumberMin)
    writer.natural(state.version)
    writer.natural(state.topologyCursor)
    writer.natural(this.#nextBlobId)
    writer.u32(this.#blobs.length)
    for (const blob of this.#blobs) {
      writer.natural(blob.id)
      writer.u32(blob.itemCount)
      writer.raw(blob.live)
    }
    return writer.finish()
  }
}
