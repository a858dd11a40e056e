// Seeded random numbers (xoshiro128**, state filled by splitmix32), split by name: each subsystem
// draws from its own stream, so that one more draw in one of them does not shift the others.
// Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators".
import { randomInt } from 'node:crypto'

/** Seed of this run: `SEED` of the environment, else a new one. Print it with each failure. */
export function chooseSeed(): number {
  // biome-ignore lint/style/noProcessEnv: a failing seed is given again by hand.
  const given = process.env['SEED']
  return given === undefined ? randomInt(0x7fffffff) : Number(given)
}

/** FNV-1a over the UTF-16 units of `text`, as an unsigned 32-bit number. */
export function hashText(text: string, seed: number = 0x811c9dc5): number {
  let hash = seed >>> 0
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0
  }
  return hash
}

/** The finaliser of splitmix32: spreads the bits of one 32-bit number over all 32. */
export function mix(value: number): number {
  let mixed = (value + 0x9e3779b9) >>> 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad) >>> 0
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97) >>> 0
  return (mixed ^ (mixed >>> 15)) >>> 0
}

function rotate(value: number, bits: number): number {
  return ((value << bits) | (value >>> (32 - bits))) >>> 0
}

/** A stream of random numbers that one seed reproduces. */
export class Random {
  readonly seed: number
  #a: number
  #b: number
  #c: number
  #d: number

  /** `seed` is any safe integer; both of its halves count. */
  constructor(seed: number) {
    this.seed = seed
    const low = seed >>> 0
    const high = Math.floor(Math.abs(seed) / 2 ** 32) >>> 0
    this.#a = mix(low)
    this.#b = mix(this.#a ^ high)
    this.#c = mix(this.#b + low)
    // All four words zero is the one state that xoshiro never leaves.
    this.#d = mix(this.#c ^ high) | 1
  }

  /** A stream of its own for `name`: the same seed and name give the same stream. */
  split(name: string): Random {
    return new Random(hashText(name, mix(this.seed >>> 0)) + mix(this.seed >>> 0) * 2 ** 20)
  }

  /** 0 … 2^32 − 1. */
  next(): number {
    const result = Math.imul(rotate(Math.imul(this.#b, 5) >>> 0, 7), 9) >>> 0
    const shifted = (this.#b << 9) >>> 0
    this.#c = (this.#c ^ this.#a) >>> 0
    this.#d = (this.#d ^ this.#b) >>> 0
    this.#b = (this.#b ^ this.#c) >>> 0
    this.#a = (this.#a ^ this.#d) >>> 0
    this.#c = (this.#c ^ shifted) >>> 0
    this.#d = rotate(this.#d, 11)
    return result
  }

  /** 0 ≤ x < 1, with 32 bits. */
  fraction(): number {
    return this.next() / 2 ** 32
  }

  /** An integer of `min` … `max`, both included. The span is at most 2^32. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.fraction() * (max - min + 1))
  }

  /** An integer of 0 … `end` − 1. */
  below(end: number): number {
    return Math.floor(this.fraction() * end)
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  /** One element. @throws RangeError when there is none. */
  pick<Item>(items: readonly Item[]): Item {
    if (items.length === 0) throw new RangeError('nothing to pick from')
    return items[this.integer(0, items.length - 1)] as Item
  }

  /** One element, or undefined when there is none. */
  pickAny<Item>(items: readonly Item[]): Item | undefined {
    return items[this.below(items.length)]
  }

  /** A new array in random order (Fisher and Yates). */
  shuffle<Item>(items: readonly Item[]): Item[] {
    const shuffled = [...items]
    for (let at = shuffled.length - 1; at > 0; at -= 1) {
      const other = this.integer(0, at)
      const moved = shuffled[at] as Item
      shuffled[at] = shuffled[other] as Item
      shuffled[other] = moved
    }
    return shuffled
  }

  /** `size` random bytes. */
  bytes(size: number): Uint8Array {
    const bytes = new Uint8Array(size)
    this.fill(bytes)
    return bytes
  }

  /** Overwrites all of `bytes`. */
  fill(bytes: Uint8Array): void {
    let at = 0
    for (; at + 4 <= bytes.length; at += 4) {
      const word = this.next()
      bytes[at] = word
      bytes[at + 1] = word >>> 8
      bytes[at + 2] = word >>> 16
      bytes[at + 3] = word >>> 24
    }
    for (; at < bytes.length; at += 1) bytes[at] = this.next()
  }
}
