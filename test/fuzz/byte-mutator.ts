// Makes an input from another, without knowing what it means: bits, bytes, numbers of all widths,
// stretches moved, repeated, left out, taken from other inputs, tokens of the target.
import type { Random } from '@holdfast/testkit'
import { resize, splice } from './resize.ts'

/** Numbers at which something ends. */
const edges: readonly number[] = [
  0,
  1,
  2,
  15,
  16,
  31,
  32,
  127,
  128,
  255,
  256,
  511,
  512,
  1023,
  1024,
  4095,
  4096,
  8191,
  8192,
  8193,
  32_767,
  32_768,
  65_535,
  65_536,
  2 ** 20,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1
]

const floats: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.5,
  255,
  65_536,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 63,
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  5e-324
]

export interface ByteMutatorOptions {
  readonly random: Random
  readonly bytesMax: number
  readonly tokens: readonly Uint8Array[]
  /** Any other input, to take pieces of. */
  readonly other: () => Uint8Array
}

type Mutation = (input: Uint8Array) => Uint8Array

export class ByteMutator {
  readonly #random: Random
  readonly #options: ByteMutatorOptions
  readonly #view = new DataView(new ArrayBuffer(8))
  readonly #mutations: readonly Mutation[] = [
    (input) => this.#flip(input),
    (input) => this.#flip(input),
    (input) => this.#byte(input),
    (input) => this.#byte(input),
    (input) => this.#add(input),
    (input) => this.#number(input),
    (input) => this.#float(input),
    (input) => this.#insert(input, this.#random.bytes(this.#random.integer(1, 8))),
    (input) => this.#insert(input, this.#stretch(input)),
    (input) => this.#insert(input, this.#stretch(this.#options.other())),
    (input) => this.#remove(input),
    (input) => this.#repeat(input),
    (input) => this.#overwrite(input, this.#stretch(input)),
    (input) => this.#overwrite(input, this.#stretch(this.#options.other())),
    (input) => this.#token(input),
    (input) => this.#cross(input),
    (input) => input.subarray(0, this.#random.below(input.length + 1))
  ]

  constructor(options: ByteMutatorOptions) {
    this.#random = options.random
    this.#options = options
  }

  /** One change. `input` stays as it is, as long as it is not empty. */
  mutate(input: Uint8Array): Uint8Array {
    if (input.length === 0) return this.#random.bytes(this.#random.integer(1, 16))
    const mutation = this.#mutations[this.#random.below(this.#mutations.length)]
    const result = mutation?.(input) ?? input
    const { bytesMax } = this.#options
    return result.length > bytesMax ? result.subarray(0, bytesMax) : result
  }

  #at(input: Uint8Array): number {
    return this.#random.below(input.length)
  }

  #flip(input: Uint8Array): Uint8Array {
    const result = new Uint8Array(input)
    const at = this.#at(input)
    result[at] = (result[at] ?? 0) ^ (1 << this.#random.below(8))
    return result
  }

  #byte(input: Uint8Array): Uint8Array {
    const result = new Uint8Array(input)
    result[this.#at(input)] = this.#random.below(256)
    return result
  }

  #add(input: Uint8Array): Uint8Array {
    const result = new Uint8Array(input)
    const at = this.#at(input)
    result[at] = (result[at] ?? 0) + this.#random.integer(-4, 4)
    return result
  }

  #number(input: Uint8Array): Uint8Array {
    const size = this.#random.pick([1, 2, 4])
    const value = this.#random.pick(edges) + this.#random.integer(-1, 1)
    this.#view.setUint32(0, value)
    const isLittle = this.#random.chance(0.3)
    const bytes = new Uint8Array(this.#view.buffer.slice(4 - size, 4))
    return this.#overwrite(input, isLittle ? bytes.reverse() : bytes)
  }

  #float(input: Uint8Array): Uint8Array {
    this.#view.setFloat64(0, this.#random.pick(floats))
    return this.#overwrite(input, new Uint8Array(this.#view.buffer.slice(0)))
  }

  #stretch(of: Uint8Array): Uint8Array {
    if (of.length === 0) return of
    const start = this.#at(of)
    const longest = this.#random.chance(0.8) ? 32 : of.length
    return of.subarray(start, start + this.#random.integer(1, longest))
  }

  #overwrite(input: Uint8Array, bytes: Uint8Array): Uint8Array {
    const result = new Uint8Array(input)
    const at = this.#at(input)
    result.set(bytes.subarray(0, input.length - at), at)
    return result
  }

  #replace(input: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array {
    const kind = this.#random.below(4)
    if (kind === 0) return splice(input, at, removed, added)
    return resize(input, at, removed, added, kind === 1 ? 2 : kind === 2 ? 1 : 4)
  }

  #insert(input: Uint8Array, bytes: Uint8Array): Uint8Array {
    return this.#replace(input, this.#random.below(input.length + 1), 0, bytes)
  }

  #remove(input: Uint8Array): Uint8Array {
    const at = this.#at(input)
    const longest = Math.min(input.length - at, this.#random.chance(0.8) ? 16 : input.length)
    return this.#replace(input, at, this.#random.integer(1, longest), new Uint8Array(0))
  }

  #repeat(input: Uint8Array): Uint8Array {
    const at = this.#at(input)
    const stretch = input.subarray(at, at + this.#random.integer(1, 32))
    const times = this.#random.chance(0.9) ? 1 : this.#random.integer(2, 40)
    const repeated = new Uint8Array(stretch.length * times)
    for (let i = 0; i < times; i += 1) repeated.set(stretch, i * stretch.length)
    return this.#replace(input, at, 0, repeated)
  }

  #token(input: Uint8Array): Uint8Array {
    const token = this.#random.pickAny(this.#options.tokens)
    if (token === undefined) return this.#byte(input)
    if (this.#random.chance(0.5)) return this.#overwrite(input, token)
    return this.#insert(input, token)
  }

  #cross(input: Uint8Array): Uint8Array {
    const other = this.#options.other()
    const head = input.subarray(0, this.#random.below(input.length + 1))
    return splice(head, head.length, 0, other.subarray(this.#random.below(other.length + 1)))
  }
}
