// What the workload of a shard draws: ranges of what is there, and of what is not.
import type { Random } from '@holdfast/testkit'
import type { ReferenceQueue } from './reference-types.ts'

export function triples(random: Random, queue: ReferenceQueue | undefined): number[] {
  const triples: number[] = []
  const messages = queue?.messages ?? []
  for (let left = 1 + random.below(3); left > 0; left--) {
    const start = messages.length > 0 ? random.pick(messages) : undefined
    if (start === undefined || random.chance(0.05)) {
      const first = 1 + random.below((queue?.tail ?? 0) + 5)
      triples.push(first, first + random.below(10), random.below(3))
      continue
    }
    const length = random.chance(0.2) ? random.below(1_500) : random.below(6)
    triples.push(start.offset, start.offset + length, start.attempt)
  }
  return triples
}

export function pairs(random: Random, queue: ReferenceQueue | undefined): number[] {
  const pairs: number[] = []
  for (let left = random.below(4); left > 0; left--) {
    const first = 1 + random.below((queue?.tail ?? 0) + 1)
    pairs.push(first, first + random.below(20))
  }
  return pairs
}

/** Of some that are there, of some that are not. */
export function deadNumbers(random: Random, queue: ReferenceQueue | undefined): number[] {
  const numbers: number[] = []
  for (let left = 1 + random.below(3); left > 0; left--) {
    const { number = 1 } = queue?.dead.at(random.below(queue.dead.length)) ?? {}
    const first = Math.max(1, number - random.below(3))
    numbers.push(first, first + random.pick([0, 3, 2_000]))
  }
  return numbers
}
