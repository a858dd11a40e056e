// The log is the message store: the entry of a live message stays on the disk of every replica that
// has applied it, whatever snapshots free (failure mode 31). The others leave it (79).
import type { IndexRange } from '@holdfast/cluster'
import type { StoredGroup } from '@holdfast/cluster/contract'

/** Entries of `live` that were on the disk before a record took effect, and are not after it. */
export function freedWhileLive(
  live: readonly IndexRange[],
  before: ReadonlySet<number>,
  stored: StoredGroup | undefined
): number[] {
  const freed: number[] = []
  for (const { first, last } of live) {
    for (let index = first; index <= last; index += 1) {
      if (before.has(index) && stored?.entries.has(index) !== true) freed.push(index)
    }
  }
  return freed
}

/** Entries of `live` that an installed snapshot does not bring along. */
export function notRetained(
  live: readonly IndexRange[],
  retained: readonly IndexRange[]
): number[] {
  const missing: number[] = []
  for (const { first, last } of live) {
    for (let index = first; index <= last; index += 1) {
      const isThere = retained.some((range) => index >= range.first && index <= range.last)
      if (!isThere) missing.push(index)
    }
  }
  return missing
}

/** Entries that an installed snapshot has kept, and that are not what was committed there. */
export function notCommitted(
  retained: readonly IndexRange[],
  stored: StoredGroup | undefined,
  committedTerm: (index: number) => number | null
): number[] {
  const others: number[] = []
  for (const { first, last } of retained) {
    for (let index = first; index <= last; index += 1) {
      const [term, committed] = [stored?.entries.get(index)?.term, committedTerm(index)]
      if (term !== undefined && committed !== null && term !== committed) others.push(index)
    }
  }
  return others
}

/**
 * Old entries that a snapshot leaves on the disk, though none of them is live in it. Behind what
 * the machine has applied there may be some that it has not seen, like a no-op: the next snapshot
 * frees them.
 */
export function keptThoughDead(
  live: readonly IndexRange[],
  applied: number,
  { keepFrom, entries }: Pick<StoredGroup, 'keepFrom' | 'entries'>
): number[] {
  const last = Math.min(applied, keepFrom - 1)
  const old = [...entries.keys()].filter((index) => index <= last)
  return old.filter((index) => !live.some(({ first, last }) => index >= first && index <= last))
}
