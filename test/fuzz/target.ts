// What can be fuzzed: a parser or a state machine, as a function of one input. A target is one file
// in `targets/`, listed in `target-list.ts`.
import { HoldfastError } from '@holdfast/errors'

export interface Target {
  /** Longest input that is made. Short ones find most; long ones cost time. */
  readonly bytesMax: number
  /** Inputs to begin with, beside those of the corpus. */
  readonly seeds: readonly Uint8Array[]
  /** Pieces of bytes that have a meaning for the target: names, tags, magic numbers. */
  readonly tokens?: readonly Uint8Array[]
  /** True where inputs hold values of msgpack, so that they are changed value by value as well. */
  readonly hasMsgpack?: boolean
  /**
   * Makes lengths and checksums right that an input must have in order to be looked at. Nine in
   * ten inputs are mended.
   */
  readonly mend?: (input: Uint8Array) => Uint8Array
  /**
   * Takes one input. Returns whatever way a sound target deals with it, a refusal with a coded
   * error among them, and throws for everything that must not happen. Keeps nothing of an input.
   */
  readonly run: (input: Uint8Array) => void | Promise<void>
}

/** What a target throws when an invariant does not hold. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

/** @throws Violation unless `condition` */
export function must(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new Violation(sentence)
}

/**
 * The result of `decode`; null if it refused with a coded error. Everything else that is thrown
 * passes through, and is a violation.
 */
export function refusedOr<Result>(decode: () => Result): Result | null {
  try {
    return decode()
  } catch (error) {
    if (error instanceof HoldfastError && error.code !== 'INTERNAL') return null
    throw error
  }
}

/** Several pieces as one input. */
export function joined(...parts: readonly (Uint8Array | number)[]): Uint8Array {
  return Buffer.concat(parts.map((part) => (typeof part === 'number' ? Uint8Array.of(part) : part)))
}
