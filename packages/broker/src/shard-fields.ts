// The fields of a shard command, which come as a msgpack array: taken in order, checked one by one.
import { utf8Length } from '@holdfast/record'
import { malformed } from './bytes.ts'
import { shardLimits } from './queue/limits.ts'
import type { ConsumerKey } from './shard-command.ts'

/** Takes the fields of an array in order. All methods: @throws FRAME_INVALID */
export class Fields {
  readonly #values: readonly unknown[]
  #next = 0

  constructor(value: unknown) {
    if (!Array.isArray(value)) throw malformed('a command must be an array')
    this.#values = value
  }

  #take(): unknown {
    if (this.#next >= this.#values.length) throw malformed('a command lacks a field')
    return this.#values[this.#next++]
  }

  natural(max: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.#take()
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > max) {
      throw malformed('a number of a command is out of range')
    }
    return value
  }

  /** 32 bits, signed. */
  integer(): number {
    const value = this.#take()
    if (typeof value === 'number' && (value | 0) === value) return value
    throw malformed('a number of a command has more than 32 bits')
  }

  positive(): number {
    const value = this.natural()
    if (value === 0) throw malformed('a number of a command is zero')
    return value
  }

  optional<T>(read: (fields: Fields) => T): T | null {
    if (this.#values[this.#next] !== null) return read(this)
    this.#next++
    return null
  }

  text(): string {
    const value = this.#take()
    if (typeof value !== 'string') throw malformed('a field of a command must be a string')
    if (utf8Length(value) > shardLimits.nameBytesMax) throw malformed('a text is too long')
    return value
  }

  textOrNull(): string | null {
    if (this.#values[this.#next] !== null) return this.text()
    this.#next++
    return null
  }

  boolean(): boolean {
    const value = this.#take()
    if (typeof value !== 'boolean') throw malformed('a field of a command must be a boolean')
    return value
  }

  list<T>(read: (item: Fields) => T): readonly T[] {
    const value = this.#take()
    if (!Array.isArray(value) || value.length > shardLimits.changesMax) {
      throw malformed('a list of a command is too long')
    }
    return value.map((item) => {
      const itemFields = new Fields(item)
      const result = read(itemFields)
      itemFields.finish()
      return result
    })
  }

  consumer(): ConsumerKey {
    return { session: this.session(), tag: this.text() }
  }

  session(): string {
    return checkSession(this.text())
  }

  /** Flat ranges of `width` 2 (pairs) or 3 (triples). */
  ranges(width: 2 | 3): readonly number[] {
    const value = this.#take()
    if (!Array.isArray(value)) throw malformed('ranges must be an array')
    for (const number of value) {
      if (!Number.isSafeInteger(number) || number < 0) throw malformed('a range is out of range')
    }
    checkRanges(value, width)
    return value
  }

  finish(): void {
    if (this.#next !== this.#values.length) throw malformed('a command has a field too many')
  }
}

/** Sessions are hexadecimal, so that '/' can separate them from tags. */
export function checkSession(session: string): string {
  if (!/^[0-9a-f]+$/.test(session)) throw malformed('a session must be hexadecimal')
  return session
}

export function checkRanges(ranges: readonly number[], width: 2 | 3): void {
  if (ranges.length % width !== 0) throw malformed('a range is cut')
  if (ranges.length > shardLimits.rangesMax * width) throw malformed('there are too many ranges')
  for (let index = 0; index < ranges.length; index += width) {
    const first = ranges[index] ?? 0
    if (first === 0 || first > (ranges[index + 1] ?? 0)) throw malformed('a range is empty')
  }
}
