// Storage rule S7: beside the log a witness of how far it reached. A log that is whole but shorter
// than its witness has lost its tail: an old backup, a write-ahead log that is gone, a disk that
// lied. LevelDB opens over all three without a word.
//
//   witness := slot slot                    each in 4096 bytes of its own, written in turn
//   slot    := magic:u32 version:u8 zero:u8 count:u16 storeId:16 number:u64 sequence:u64
//              recordChecksum:u32 group* checksum:u32
//   group   := group:u32 lastIndex:u64 commit:u64
//
// A power cut may tear the slot that is being written; the other one stands. The groups say what a
// lost tail held, for the report of a recovery; where they do not all fit, the first are named.
import { type FileHandle, open } from 'node:fs/promises'
import { ByteReader, Unreadable } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import type { Checksum } from './checksum.ts'

const magic = 0x48_46_54_57
const version = 1
const slotBytes = 4096
const headBytes = 44
const groupBytes = 20
const groupsMax = Math.floor((slotBytes - headBytes - 4) / groupBytes)

export interface WitnessedGroup {
  readonly group: number
  readonly lastIndex: number
  readonly commit: number
}

/** How far the log reached. */
export interface Witnessed {
  readonly sequence: number
  /** The checksum in the header of the record at `sequence`. */
  readonly recordChecksum: number
  readonly groups: readonly WitnessedGroup[]
}

interface Slot extends Witnessed {
  /** Grows by one with each write. */
  readonly number: number
}

function encode(slot: Slot, storeId: Uint8Array, checksum: Checksum): Uint8Array {
  const writer = new ByteWriter(slotBytes)
  const groups = slot.groups.slice(0, groupsMax)
  writer.u32(magic)
  writer.u8(version)
  writer.u8(0)
  writer.u16(groups.length)
  writer.bytes(storeId)
  writer.u64(slot.number)
  writer.u64(slot.sequence)
  writer.u32(slot.recordChecksum)
  for (const { group, lastIndex, commit } of groups) {
    writer.u32(group)
    writer.u64(lastIndex)
    writer.u64(commit)
  }
  writer.u32(checksum(writer.slice(0, writer.position)))
  const end = writer.position
  writer.bytes(new Uint8Array(slotBytes - end))
  return writer.slice(0, slotBytes)
}

/** Null if it is not a whole slot of this store. */
function decode(bytes: Uint8Array, storeId: Uint8Array, checksum: Checksum): Slot | null {
  try {
    const reader = new ByteReader(bytes)
    const isOurs = reader.u32() === magic && reader.u8() === version && reader.u8() === 0
    const count = reader.u16()
    if (!isOurs || count > groupsMax) return null
    if (Buffer.compare(reader.bytes(storeId.length), storeId) !== 0) return null
    const number = reader.u64()
    const sequence = reader.u64()
    const recordChecksum = reader.u32()
    const groups: WitnessedGroup[] = []
    for (let left = count; left > 0; left -= 1) {
      groups.push({ group: reader.u32(), lastIndex: reader.u64(), commit: reader.u64() })
    }
    const expected = checksum(bytes.subarray(0, reader.position))
    return reader.u32() === expected ? { number, sequence, recordChecksum, groups } : null
  } catch (error) {
    if (error instanceof Unreadable) return null
    throw error
  }
}

export class TailWitness {
  readonly #handle: FileHandle
  readonly #storeId: Uint8Array
  readonly #checksum: Checksum
  readonly #found: Slot | null
  /** Number of the slot written last. */
  #number: number
  #sequence: number
  #writing: Promise<void> = Promise.resolve()

  private constructor(
    handle: FileHandle,
    storeId: Uint8Array,
    checksum: Checksum,
    found: Slot | null
  ) {
    this.#handle = handle
    this.#storeId = storeId
    this.#checksum = checksum
    this.#found = found
    this.#number = found?.number ?? 0
    this.#sequence = found?.sequence ?? 0
  }

  /** Opens the witness at `path`, or makes a blank one there if `mayCreate`. */
  static async open(
    path: string,
    storeId: Uint8Array,
    checksum: Checksum,
    mayCreate: boolean
  ): Promise<TailWitness> {
    const handle = await openFile(path, mayCreate)
    try {
      const bytes = Buffer.alloc(2 * slotBytes)
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0)
      if (bytesRead === 0 && mayCreate) await handle.write(bytes, 0, bytes.length, 0)
      let found: Slot | null = null
      for (let at = 0; at < bytesRead; at += slotBytes) {
        const slot = decode(bytes.subarray(at, at + slotBytes), storeId, checksum)
        if (slot !== null && slot.number > (found?.number ?? 0)) found = slot
      }
      return new TailWitness(handle, storeId, checksum, found)
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** What the newest whole slot said when the witness was opened; null if there was none. */
  get found(): Witnessed | null {
    return this.#found
  }

  /** Highest sequence that was written, or found. */
  get sequence(): number {
    return this.#sequence
  }

  /** Durable when it resolves. The record must be durable already. Writes follow each other. */
  write(witnessed: Witnessed): Promise<void> {
    const writing = this.#writing.then(() => this.#write(witnessed))
    this.#writing = writing.catch(() => undefined)
    return writing
  }

  async #write(witnessed: Witnessed): Promise<void> {
    if (witnessed.sequence <= this.#sequence) return
    const number = this.#number + 1
    const bytes = encode({ ...witnessed, number }, this.#storeId, this.#checksum)
    await this.#handle.write(bytes, 0, slotBytes, (number % 2) * slotBytes)
    await this.#handle.datasync()
    this.#number = number
    this.#sequence = witnessed.sequence
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#handle.close()
  }
}

async function openFile(path: string, mayCreate: boolean): Promise<FileHandle> {
  try {
    return await open(path, 'r+')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    if (!mayCreate) throw new Unreadable('the witness of the log is missing')
    return await open(path, 'w+')
  }
}
