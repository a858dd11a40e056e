// The fields of a checkpoint: read whole, or found to be unreadable. No count is believed before
// what it counts is there.
import type * as byteReader from '../../../packages/storage/src/byte-reader.ts'
import type * as checkpointCodec from '../../../packages/storage/src/checkpoint-codec.ts'
import { internal } from '../internal.ts'
import { joined, must, type Target } from '../target.ts'

const { Unreadable } = await internal<typeof byteReader>('storage', 'byte-reader')
const { readCheckpoint } = await internal<typeof checkpointCodec>('storage', 'checkpoint-codec')

function run(input: Uint8Array): void {
  try {
    const { dead, groups } = readCheckpoint(input)
    must(dead.length * 20 + groups.length * 4 <= input.length, 'what is read was there')
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
  }
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function u64(...values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(8 * values.length)
  for (const [place, value] of values.entries()) bytes.writeBigUInt64BE(BigInt(value), place * 8)
  return bytes
}

const location = joined(u64(3), u32(64), u32(10), u32(1))
const configuration = joined(u32(2), u64(1, 2), u32(0), u32(1), u64(3))
const hardState = joined(u64(2), 1, u64(1), u64(5))
const blobs = joined(u32(1), u64(7), location)
const snapshot = joined(1, u64(3, 1), configuration, location)
const staged = joined(1, u64(5, 1, 9), blobs, blobs)
const group = joined(u32(1), hardState, u64(9, 1), snapshot, blobs, blobs, staged)
const bare = joined(u32(2), hardState, u64(0, 0), 0, u32(0), u32(0), 0)
const identity = joined(1, new Uint8Array(16), u64(1, 1))
const dead = joined(u32(1), u64(1), u32(2), u64(100))

export const target: Target = {
  bytesMax: 1024,
  seeds: [
    joined(0, 0, u32(0), u32(0)),
    joined(identity, 1, u32(3), 1, 2, 3, dead, u32(1), group),
    joined(0, 0, u32(0), u32(2), bare, group)
  ],
  run
}
