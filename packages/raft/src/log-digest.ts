// Digests of stretches of the log: two replicas that agree on an entry have the same log up to it
// (Log Matching, Raft §5.3), so the digests of any stretch before it are equal. If they are not, a
// bug or a broken machine has made one of them another log, and that must not go on (failure mode:
// a log that diverges silently). Each entry has a digest of 64 bits; kept are their running sums
// for the latest entries, so that a stretch costs two look-ups, whoever chose where it begins.
import type { Entry } from './entry.ts'

/** Digest of the entries after `after`, up to the one that it travels with. */
export interface LogDigest {
  readonly after: number
  /** Unsigned 32-bit halves. */
  readonly high: number
  readonly low: number
}

/** Entries of which sums are kept; a power of two. More than one append request carries. */
const keptMax = 4096
const keptMin = 64

/** Entries that one digest covers: two append requests in a row cover every entry between them. */
export const digestEntries = 2048

/** The finalizer of MurmurHash3: each bit of the input changes about half of the output. */
function scramble(value: number): number {
  let bits = value ^ (value >>> 16)
  bits = Math.imul(bits, 0x85eb_ca6b)
  bits ^= bits >>> 13
  bits = Math.imul(bits, 0xc2b2_ae35)
  return bits ^ (bits >>> 16)
}

export class LogDigests {
  readonly #checksum: (bytes: Uint8Array) => number
  /** Sums up to and with each index, modulo 2^32 each, at the index modulo the length. */
  #highs = new Uint32Array(keptMin)
  #lows = new Uint32Array(keptMin)
  /** Sums are known from this index on: it counts as the sum 0, or what was there before. */
  #first: number
  #last: number

  constructor(index: number, checksum: (bytes: Uint8Array) => number) {
    this.#first = index
    this.#last = index
    this.#checksum = checksum
  }

  append({ index, term, type, data }: Entry): void {
    this.#makeRoom()
    const mask = this.#highs.length - 1
    const before = this.#last & mask
    const place = index & mask
    const bytes = this.#checksum(data)
    const id = scramble(index) ^ Math.imul(term, 0x9e37_79b1) ^ type.length
    this.#highs[place] = (this.#highs[before] ?? 0) + (scramble(bytes ^ id) >>> 0)
    this.#lows[place] = (this.#lows[before] ?? 0) + (scramble(id + scramble(~bytes)) >>> 0)
    this.#last = index
    if (this.#last - this.#first >= this.#highs.length) this.#first = this.#last - mask
  }

  #makeRoom(): void {
    const length = this.#highs.length
    if (this.#last - this.#first + 1 < length || length >= keptMax) return
    const highs = new Uint32Array(length * 2)
    const lows = new Uint32Array(length * 2)
    for (let index = this.#first; index <= this.#last; index++) {
      highs[index & (length * 2 - 1)] = this.#highs[index & (length - 1)] ?? 0
      lows[index & (length * 2 - 1)] = this.#lows[index & (length - 1)] ?? 0
    }
    this.#highs = highs
    this.#lows = lows
  }

  /** Entries from `index` on are void. */
  truncateFrom(index: number): void {
    if (index - 1 < this.#first) this.reset(index - 1)
    else this.#last = Math.min(this.#last, index - 1)
  }

  /** The log begins anew behind this index. */
  reset(index: number): void {
    this.#first = index
    this.#last = index
    this.#highs[index & (this.#highs.length - 1)] = 0
    this.#lows[index & (this.#lows.length - 1)] = 0
  }

  /** Of as many entries up to `last` as one digest covers; null if their sums are not known. */
  upTo(last: number): LogDigest | null {
    return this.between(Math.max(this.#first, last - digestEntries), last)
  }

  /** Of the entries after `after` up to `last`; null if that is not known. */
  between(after: number, last: number): LogDigest | null {
    if (after < this.#first || last > this.#last || after >= last) return null
    const mask = this.#highs.length - 1
    const high = ((this.#highs[last & mask] ?? 0) - (this.#highs[after & mask] ?? 0)) >>> 0
    const low = ((this.#lows[last & mask] ?? 0) - (this.#lows[after & mask] ?? 0)) >>> 0
    return { after, high, low }
  }
}
