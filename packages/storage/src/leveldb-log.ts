// Reads a file in LevelDB's log format (write-ahead logs and manifests) and judges it, more
// strictly than LevelDB does: LevelDB skips what is broken and goes on (`storage-contract.md`,
// Facts).
//
//   file     := block of 32 KiB *            fragment := maskedCrc:u32le length:u16le type:u8 data
//   A fragment does not cross a block; fewer than 7 bytes at a block's end are padding.
//   Types: 1 full, 2 first, 3 middle, 4 last. The checksum covers type and data.
//
// A file may end torn: a power cut in the middle of the last write, which nobody was told of. That
// is a file that ends within a record, or a record in which whole sectors are blank. Anything else
// that does not verify is damage, and so is a torn place with a record behind it.
import { crc32c, maskCrc } from './crc32c.ts'

const blockBytes = 32 * 1024
const headBytes = 7
const sectorBytes = 512
const full = 1
const first = 2
const middle = 3
const last = 4

export interface LogScan {
  /** Whole records, in order, as lists of fragments. */
  readonly records: number
  /** Null if the file is sound, or torn at most. */
  readonly damage: string | null
  readonly isTorn: boolean
}

interface Fragment {
  readonly type: number
  readonly start: number
  readonly end: number
}

/** The fragment that begins at `at`, if a valid one does. */
function fragmentAt(bytes: Uint8Array, at: number): Fragment | null {
  const blockEnd = Math.min(bytes.length, (Math.floor(at / blockBytes) + 1) * blockBytes)
  if (at + headBytes > blockEnd) return null
  const type = bytes[at + 6] ?? 0
  const end = at + headBytes + (bytes[at + 4] ?? 0) + 256 * (bytes[at + 5] ?? 0)
  if (type < full || type > last || end > blockEnd) return null
  if (storedCrc(bytes, at) !== maskCrc(crc32c(bytes, at + 6, end))) return null
  return { type, start: at + headBytes, end }
}

function storedCrc(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, true)
}

/** Behind a bad place: does a record begin anywhere? Continuations of a torn one do not count. */
function findRecordBehind(bytes: Uint8Array, bad: number): number | null {
  const badBlockEnd = (Math.floor(bad / blockBytes) + 1) * blockBytes
  for (let at = bad + 1; at + headBytes <= Math.min(bytes.length, badBlockEnd); at += 1) {
    const fragment = fragmentAt(bytes, at)
    if (fragment !== null && (fragment.type === full || fragment.type === first)) return at
  }
  for (let block = badBlockEnd; block < bytes.length; block += blockBytes) {
    for (let at = block; ; ) {
      const fragment = fragmentAt(bytes, at)
      if (fragment === null) break
      if (fragment.type === full || fragment.type === first) return at
      at = fragment.end
    }
  }
  return null
}

function isBlank(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (bytes[at] !== 0) return false
  return true
}

/** Was a sector from `at` to the end of the file never written? */
function hasBlankSector(bytes: Uint8Array, at: number): boolean {
  let sector = Math.floor(at / sectorBytes) * sectorBytes
  for (; sector < bytes.length; sector += sectorBytes) {
    const from = Math.max(at, sector)
    const to = Math.min(bytes.length, sector + sectorBytes)
    if (to - from >= headBytes && isBlank(bytes, from, to)) return true
  }
  return false
}

/** Is the bad place at `at` what a power cut leaves of the last write? */
function isTornAt(bytes: Uint8Array, at: number): boolean {
  const left = bytes.length - at
  if (left < headBytes) return true
  if (hasBlankSector(bytes, at)) return true
  const end = at + headBytes + (bytes[at + 4] ?? 0) + 256 * (bytes[at + 5] ?? 0)
  const blockEnd = (Math.floor(at / blockBytes) + 1) * blockBytes
  if (end <= bytes.length || end > blockEnd) return false
  // All of it may be there, and only its length be wrong: the checksum does not cover the length.
  return storedCrc(bytes, at) !== maskCrc(crc32c(bytes, at + 6, bytes.length))
}

/** Scans a file; `visit` is given the data of each whole record, and where the record ends. */
export function scanLog(
  bytes: Uint8Array,
  visit?: (data: Uint8Array, end: number) => void
): LogScan {
  let at = 0
  let records = 0
  let parts: Uint8Array[] | null = null
  const damage = (reason: string): LogScan => ({ records, damage: reason, isTorn: false })
  while (at < bytes.length) {
    const inBlock = at % blockBytes
    if (blockBytes - inBlock < headBytes) {
      const end = Math.min(bytes.length, at + blockBytes - inBlock)
      if (!isBlank(bytes, at, end)) return damage(`padding at ${at} is not blank`)
      at = end
      continue
    }
    const fragment = fragmentAt(bytes, at)
    if (fragment === null) {
      const behind = findRecordBehind(bytes, at)
      if (behind !== null)
        return damage(`bad bytes at ${at} with a record behind them at ${behind}`)
      if (!isTornAt(bytes, at)) return damage(`bad bytes at ${at}`)
      return { records, damage: null, isTorn: true }
    }
    const isStart = fragment.type === full || fragment.type === first
    if (isStart === (parts !== null)) return damage(`a record is cut at ${at}`)
    const data = bytes.subarray(fragment.start, fragment.end)
    parts = parts === null ? [data] : [...parts, data]
    if (fragment.type === full || fragment.type === last) {
      visit?.(parts.length === 1 ? data : Buffer.concat(parts), fragment.end)
      records += 1
      parts = null
    } else if (fragment.type !== first && fragment.type !== middle) {
      return damage(`a fragment of an unknown type at ${at}`)
    }
    at = fragment.end
  }
  return { records, damage: null, isTorn: parts !== null }
}
