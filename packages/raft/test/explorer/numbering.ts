// Numbers for what the explorer meets: equal texts get equal ones, and a list of them is hashed, so
// that millions of states fit into memory. And the ways in which three replicas can be renamed.
import { mix } from '@holdfast/testkit'
import type { Rename } from './fingerprint.ts'

const permutations: readonly (readonly number[])[] = [
  [1, 2, 3],
  [1, 3, 2],
  [2, 1, 3],
  [2, 3, 1],
  [3, 1, 2],
  [3, 2, 1]
]
export const renames: readonly Rename[] = permutations.map(
  (names) =>
    (replica: number): number =>
      names[replica - 1] ?? replica
)

/** For sorting. */
export function ascending(left: number, right: number): number {
  return left - right
}

/** 53 bits: among a million lists, two are one by chance once in 10,000 runs. */
export function hashOf(numbers: readonly number[]): number {
  let [low, high] = [0x9747b28c, 0x1b873593]
  for (const number of numbers) {
    low = mix(low ^ number)
    high = mix(high + low)
  }
  return (high % 0x200000) * 0x100000000 + low
}

/** Gives equal texts equal numbers. */
export class Numbers {
  readonly #numbers = new Map<string, number>()

  of(text: string): number {
    let number = this.#numbers.get(text)
    if (number === undefined) {
      number = this.#numbers.size
      this.#numbers.set(text, number)
    }
    return number
  }
}
