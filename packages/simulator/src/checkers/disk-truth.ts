// Holds what leaves a node against what is on its disk: a vote, an acceptance, a candidacy may be
// spoken of only when a crash can no longer take it back (failure modes 1 to 5). It reads the disk
// and the bytes of the frame, and knows nothing of the record ids by which the driver waits.
import type { StoredGroup } from '@holdfast/cluster/contract'
import { describeMessage, type HardState, type Message } from '@holdfast/raft'
import type { Remains } from '../refinement/restart-guard.ts'

/** Why this message may not leave a node with this on its disk; null if it may. */
export function untruth(stored: StoredGroup | undefined, message: Message): string | null {
  const missing = missingFor(stored, message)
  return missing === null ? null : `${describeMessage(message)}: ${missing}`
}

function missingFor(stored: StoredGroup | undefined, message: Message): string | null {
  switch (message.type) {
    case 'vote-request':
      if (message.pre) return null
      return isVoteDurable(stored, message.term, message.from) ? null : 'term or vote'
    case 'vote-response':
      if (message.pre || !message.granted) return null
      return isVoteDurable(stored, message.term, message.to) ? null : 'the vote'
    case 'append-response': {
      if (!message.accepted) return null
      const term = stored?.hardState.term ?? 0
      if (term < message.term) return 'the term'
      // What a later leader replaces in the same record need not have been there before.
      if (term > message.term) return null
      const last = endOf(stored)
      return last < message.index ? `the disk ends at ${last}` : null
    }
    default:
      return null
  }
}

/** A later term on disk says that the vote of this one was there. */
function isVoteDurable(stored: StoredGroup | undefined, term: number, vote: number): boolean {
  const { hardState } = stored ?? {}
  if (hardState === undefined) return false
  return hardState.term > term || (hardState.term === term && hardState.vote === vote)
}

function endOf(stored: StoredGroup | undefined): number {
  return Math.max(stored?.lastIndex ?? 0, stored?.meta?.id.index ?? 0)
}

/**
 * Up to where a disk may know more to be committed than it has, after the next record: where it
 * knows more already, and where a replica leaves its group with that record.
 */
export function floorOf(before: StoredGroup | undefined, left: HardState | null): number {
  const commit = before?.hardState.commit ?? 0
  if (left !== null) return Math.max(commit, left.commit)
  return commit > endOf(before) ? commit : 0
}

/** What a replica that left its group must find when it is back. */
export function remainsOf({ hardState }: Pick<StoredGroup, 'hardState'>): Remains {
  const { term, vote, commit } = hardState
  return { term, vote, last: { index: 0, term: null }, floor: commit, replacedBy: null }
}

/**
 * What a record has made of a group that it must not; null if all is well. Up to `floor` more may
 * be committed than the disk has: of a replica that left its group, and began anew.
 */
export function contradiction(
  before: HardState | undefined,
  stored: StoredGroup,
  floor: number
): string | null {
  const { hardState, lastIndex, entries } = stored
  const { term, vote, commit } = hardState
  if (before !== undefined && term < before.term) return `term ${before.term} becomes ${term}`
  const isOther = term === before?.term && before.vote !== null && vote !== before.vote
  if (isOther) return `the vote for ${before.vote} in term ${term} becomes ${vote}`
  const last = endOf(stored)
  if (commit < floor) return `${floor} was committed, now ${commit} is`
  if (commit > Math.max(last, floor)) return `${commit} is committed, and the disk ends at ${last}`
  const lastTerm = entries.get(lastIndex)?.term ?? 0
  return lastTerm > term ? `entry ${lastIndex}/${lastTerm} is there before its term` : null
}
