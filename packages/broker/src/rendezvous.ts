// Which shard a new queue goes to: the group with the highest hash of (vhost, name, group), known
// as rendezvous or highest-random-weight hashing (Thaler and Ravishankar, 1998). With one group
// more, only the queues that the new group wins would move; ours never move, since the choice is
// recorded.
import { assert } from '@holdfast/errors'
import type { GroupId } from './metadata-command.ts'

/** FNV-1a over the UTF-16 units of `text`, continued from `seed`. */
function hashText(text: string, seed: number): number {
  let hash = seed
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193)
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193)
  }
  return hash
}

/** The finaliser of MurmurHash3: every bit of the input moves every bit of the result. */
function mix(value: number): number {
  let hash = value ^ (value >>> 16)
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** One of `groups`, which must not be empty; their order does not matter. */
export function rendezvousGroup(vhost: string, name: string, groups: readonly GroupId[]): GroupId {
  // The separator is hashed as a unit that no text contains: half a surrogate pair alone.
  const base = hashText(name, hashText('\ud800', hashText(vhost, 0x811c9dc5 | 0)))
  let chosen = -1
  let highest = -1
  for (const group of groups) {
    const score = mix(base ^ mix(Math.imul(group, 0x9e3779b1)))
    if (score < highest || (score === highest && group > chosen)) continue
    highest = score
    chosen = group
  }
  assert(chosen >= 0, 'there is a group to place a queue on')
  return chosen
}
