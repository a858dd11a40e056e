// A log that differs by a bit must not pass for the same: entries that nodes send each other have
// another digest when a bit of them is flipped, wherever that is.
import { type Entry, LogDigests } from '@holdfast/raft'

type Checksum = (bytes: Uint8Array) => number

function digestOf(entry: Entry, checksum: Checksum): string {
  const digests = new LogDigests(entry.index - 1, checksum)
  digests.append(entry)
  const { high, low } = digests.between(entry.index - 1, entry.index) ?? { high: 0, low: 0 }
  return `${high} ${low}`
}

/** The byte of an entry in which a bit can be flipped unseen; null: not in the one looked at. */
export function unseenFlip(entry: Entry, checksum: Checksum): number | null {
  const { index, data } = entry
  if (data.length === 0) return null
  // Anywhere, and in every run at the same places.
  const at = Math.imul(index, 0x9e37_79b1) >>> 0
  const place = at % data.length
  const flipped = new Uint8Array(data)
  flipped[place] = (flipped[place] ?? 0) ^ (1 << (at >>> 29))
  const isSeen = digestOf({ ...entry, data: flipped }, checksum) !== digestOf(entry, checksum)
  return isSeen ? null : place
}
