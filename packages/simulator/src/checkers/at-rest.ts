// What a leader must have brought to its end when nobody asks for anything any more: what is left
// then was forgotten, and the next one would wait for it in vain.
import type { Raft } from '@holdfast/raft'

type Leader = Pick<
  Raft,
  'id' | 'isLeader' | 'uncommittedBytes' | 'commitIndex' | 'lastId' | 'configuration' | 'progress'
>

/** A life of a replica, which is over when its process is gone. */
interface Life {
  readonly raft: Leader
  readonly isOver: boolean
}

/** What is left to do in these groups; null if nothing is. Lives by group and replica, `3/7`. */
export function unrest(
  groups: Iterable<number>,
  lives: Iterable<readonly [string, Life]>
): string | null {
  const current = [...lives].filter(([, { isOver }]) => !isOver)
  for (const [key, { raft }] of current) {
    const reason = notAtRest(raft)
    if (reason !== null) return `${key}: ${reason}`
  }
  for (const group of groups) {
    const rafts = current.flatMap(([key, { raft }]) => (key.startsWith(`${group}/`) ? [raft] : []))
    const left = leftBehind(rafts)
    if (left !== null) return `group ${group}: ${left} is no member, and still there`
  }
  return null
}

/** Why this replica is not at rest; null if it is. Followers rest when their leaders do. */
export function notAtRest(raft: Leader): string | null {
  if (!raft.isLeader) return null
  const { id, uncommittedBytes, commitIndex, lastId, configuration } = raft
  if (commitIndex < lastId.index) return `${lastId.index} is not committed`
  if (uncommittedBytes !== 0) return `${uncommittedBytes} bytes count as uncommitted`
  if (configuration.outgoing.length > 0) return 'a change of members is under way'
  if (!configuration.voters.includes(id)) return 'it leads, and is no voter'
  const behind = raft.progress().find((progress) => {
    return progress.state !== 'replicate' || progress.match < lastId.index
  })
  if (behind === undefined) return null
  return `replica ${behind.replica} has ${behind.match} of ${lastId.index}: ${behind.state}`
}

/**
 * A replica that was removed from its group while it lagged, among all that run of the group: until
 * it has left it may campaign, for it knows nothing of that. Null if there is none.
 */
export function leftBehind(
  rafts: readonly Pick<Leader, 'id' | 'isLeader' | 'configuration'>[]
): number | null {
  const leader = rafts.find(({ isLeader }) => isLeader)
  const { voters = [], learners = [] } = leader?.configuration ?? {}
  const other = rafts.find(({ id }) => !voters.includes(id) && !learners.includes(id))
  return leader === undefined ? null : (other?.id ?? null)
}
