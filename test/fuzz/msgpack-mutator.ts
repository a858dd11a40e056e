// Changes an input value by value where it holds msgpack: a value becomes another one, an element
// is repeated, left out or moved, and every count and length around it stays true. Sources: the
// msgpack specification; grammar mutators as of AFL's and of libFuzzer's custom mutators.
import type { Random } from '@holdfast/testkit'
import { resize, splice } from './resize.ts'

/** A value of msgpack within an input. */
interface Span {
  readonly start: number
  readonly end: number
  /** Where its content begins: elements of a container, bytes of a text. */
  readonly content: number
  readonly kind: 'plain' | 'text' | 'binary' | 'array' | 'map'
  /** Elements of a container; keys and values of a map apart. */
  readonly count: number
  /** The container that it is an element of. */
  readonly parent: Span | null
}

/** Values that are looked at in one input. */
const spansMax = 400

const ends: Uint8Array = Uint8Array.of(
  0x00,
  0x01,
  0x7f,
  0xe0,
  0xff,
  0xc0,
  0xc2,
  0xc3,
  0xa0,
  0x80,
  0x90
)

/** Finds values from `at` on; null where no whole value is. */
class Walker {
  readonly spans: Span[] = []
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  #number(at: number, size: number): number {
    let value = 0
    for (let i = 0; i < size; i += 1) value = value * 256 + (this.#bytes[at + i] ?? 0)
    return value
  }

  /** The end of the value at `at`; −1 if it is none. */
  walk(at: number, parent: Span | null, depth: number): number {
    if (at >= this.#bytes.length || depth > 20 || this.spans.length >= spansMax) return -1
    const type = this.#bytes[at] ?? 0
    if (type < 0x80 || type >= 0xe0) return this.#leaf(at, at + 1, at + 1, 'plain', parent)
    if (type < 0x90) return this.#container(at, at + 1, 'map', (type & 15) * 2, parent, depth)
    if (type < 0xa0) return this.#container(at, at + 1, 'array', type & 15, parent, depth)
    if (type < 0xc0) return this.#leaf(at, at + 1, at + 1 + (type & 31), 'text', parent)
    if (type >= 0xdc) {
      const size = type === 0xdc || type === 0xde ? 2 : 4
      const count = this.#number(at + 1, size) * (type >= 0xde ? 2 : 1)
      const kind = type >= 0xde ? 'map' : 'array'
      return this.#container(at, at + 1 + size, kind, count, parent, depth)
    }
    const isText = type >= 0xd9
    if (isText || (type >= 0xc4 && type <= 0xc6)) {
      const content = at + 1 + (1 << (isText ? type - 0xd9 : type - 0xc4))
      const end = content + this.#number(at + 1, content - at - 1)
      return this.#leaf(at, content, end, isText ? 'text' : 'binary', parent)
    }
    const size = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8][type - 0xc0] ?? 0
    return this.#leaf(at, at + 1, at + 1 + size, 'plain', parent)
  }

  #leaf(
    start: number,
    content: number,
    end: number,
    kind: 'plain' | 'text' | 'binary',
    parent: Span | null
  ): number {
    if (end > this.#bytes.length) return -1
    this.spans.push({ start, content, end, kind, count: 0, parent })
    return end
  }

  #container(
    start: number,
    content: number,
    kind: 'array' | 'map',
    count: number,
    parent: Span | null,
    depth: number
  ): number {
    const place = this.spans.length
    const span = { start, content, end: start, kind, count, parent }
    this.spans.push(span)
    let at = content
    for (let i = 0; i < count && at !== -1; i += 1) at = this.walk(at, span, depth + 1)
    if (at === -1 || at > this.#bytes.length) {
      this.spans.length = place
      return -1
    }
    span.end = at
    return at
  }
}

/** The head of a container of `count` elements, or of bytes. */
function headOf(kind: Span['kind'], count: number): Uint8Array {
  const small = { array: 0x90, map: 0x80, text: 0xa0, binary: -1, plain: -1 }[kind]
  const smallMax = kind === 'text' ? 31 : 15
  const number = kind === 'map' ? count >> 1 : count
  if (small !== -1 && number <= smallMax) return Uint8Array.of(small + number)
  const tag = { array: 0xdc, map: 0xde, text: 0xda, binary: 0xc5, plain: 0xc0 }[kind]
  return Uint8Array.of(tag, number >> 8, number)
}

export class MsgpackMutator {
  readonly #random: Random
  readonly #tokens: readonly Uint8Array[]

  constructor(random: Random, tokens: readonly Uint8Array[]) {
    this.#random = random
    this.#tokens = tokens
  }

  /** One change of one value; null if there is none in the input. `other` lends values. */
  mutate(input: Uint8Array, other: Uint8Array): Uint8Array | null {
    const spans = this.#spansOf(input)
    const span = this.#random.pickAny(spans)
    if (span === undefined) return null
    const { parent } = span
    const isElement = parent !== null && parent.end > parent.start
    const choice = this.#random.below(10)
    if (isElement && choice < 2) return this.#drop(input, span, parent)
    if (isElement && choice < 4) return this.#repeat(input, span, parent)
    if (choice < 6) return this.#put(input, span, this.#made())
    if (choice < 7) return this.#put(input, span, this.#borrowed(other))
    if (choice < 8)
      return this.#put(input, span, this.#wrapped(input.subarray(span.start, span.end)))
    return this.#content(input, span)
  }

  #spansOf(input: Uint8Array): readonly Span[] {
    let best: readonly Span[] = []
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const at = attempt === 0 ? 0 : this.#random.below(input.length)
      const walker = new Walker(input)
      walker.walk(at, null, 0)
      if (walker.spans.length > best.length) best = walker.spans
      if (best.length >= 3) break
    }
    return best
  }

  #put(input: Uint8Array, span: Span, value: Uint8Array): Uint8Array {
    return this.#replace(input, span, value)
  }

  /** Half of the time what may be a length around the value stays true. */
  #replace(input: Uint8Array, { start, end }: Pick<Span, 'start' | 'end'>, value: Uint8Array) {
    const size = this.#random.pick([0, 0, 0, 1, 2, 4] as const)
    if (size === 0) return splice(input, start, end - start, value)
    return resize(input, start, end - start, value, size)
  }

  #drop(input: Uint8Array, span: Span, parent: Span): Uint8Array {
    const without = this.#replace(input, span, new Uint8Array(0))
    return this.#count(without, parent, parent.kind === 'map' ? 0 : -1)
  }

  #repeat(input: Uint8Array, span: Span, parent: Span): Uint8Array {
    const copy = input.subarray(span.start, span.end)
    const times = this.#random.chance(0.95) ? 1 : this.#random.integer(2, 70)
    const twice = parent.kind === 'map' ? 2 * times : times
    let copies = new Uint8Array(0)
    for (let i = 0; i < twice; i += 1) copies = new Uint8Array(splice(copies, 0, 0, copy))
    return this.#count(
      this.#replace(input, { start: span.end, end: span.end }, copies),
      parent,
      twice
    )
  }

  #count(input: Uint8Array, container: Span, difference: number): Uint8Array {
    const head = headOf(container.kind, container.count + difference)
    return splice(input, container.start, container.content - container.start, head)
  }

  #content(input: Uint8Array, span: Span): Uint8Array {
    if (span.kind !== 'text' && span.kind !== 'binary') return this.#put(input, span, this.#made())
    const old = input.subarray(span.content, span.end)
    const length = this.#random.chance(0.9) ? this.#random.below(40) : this.#random.below(300)
    const fresh = this.#random.chance(0.5)
      ? old.subarray(0, this.#random.below(old.length + 1))
      : new Uint8Array(length).fill(this.#random.integer(0x20, 0x7e))
    return this.#put(input, span, concat(headOf(span.kind, fresh.length), fresh))
  }

  #wrapped(value: Uint8Array): Uint8Array {
    const depth = this.#random.chance(0.8) ? 1 : this.#random.integer(2, 20)
    return concat(new Uint8Array(depth).fill(0x91), value)
  }

  #borrowed(other: Uint8Array): Uint8Array {
    const span = this.#random.pickAny(this.#spansOf(other))
    return span === undefined ? this.#made() : other.subarray(span.start, span.end)
  }

  #made(): Uint8Array {
    const random = this.#random
    switch (random.below(8)) {
      case 0:
        return ends.subarray(random.below(ends.length)).subarray(0, 1)
      case 1:
        return Uint8Array.of(random.pick([0xcc, 0xd0]), random.below(256))
      case 2:
        return concat(Uint8Array.of(random.pick([0xcd, 0xd1])), random.bytes(2))
      case 3:
        return concat(Uint8Array.of(random.pick([0xce, 0xd2, 0xca])), random.bytes(4))
      case 4:
        return concat(Uint8Array.of(random.pick([0xcf, 0xd3, 0xcb])), random.bytes(8))
      case 5:
        return concat(Uint8Array.of(0xcf, 0, random.pick([0, 0x1f, 0x20])), random.bytes(6))
      case 6: {
        const token = random.pickAny(this.#tokens) ?? random.bytes(3)
        return concat(headOf(random.chance(0.8) ? 'text' : 'binary', token.length), token)
      }
      default:
        return Uint8Array.of(random.below(128))
    }
  }
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length)
  bytes.set(first)
  bytes.set(second, first.length)
  return bytes
}
