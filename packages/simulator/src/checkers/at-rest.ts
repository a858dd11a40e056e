// What a leader must have brought to its end when nobody asks for anything any more: what is left
// then was forgotten, and the next one would wait for it in vain.
import type { Raft } from '@holdfast/raft'

type Leader = Pick<
  Raft,
  'id' | 'isLeader' | 'uncommittedBytes' | 'commitIndex' | 'lastId' | 'configuration' | 'progress'
>

/**
 * Why this replica is not at rest; null if it is. Followers rest when their leaders do, but for who
 * left while it lagged: until it hears of that it may campaign.
 */
export function unrest(raft: Leader): string | null {
  const { id, uncommittedBytes, commitIndex, lastId, configuration } = raft
  if (configuration.outgoing.length > 0) return 'a change of members is under way'
  if (!raft.isLeader) return null
  if (commitIndex < lastId.index) return `${lastId.index} is not committed`
  if (uncommittedBytes !== 0) return `${uncommittedBytes} bytes count as uncommitted`
  if (!configuration.voters.includes(id)) return 'it leads, and is no voter'
  const behind = raft.progress().find((progress) => {
    return progress.state !== 'replicate' || progress.match < lastId.index
  })
  if (behind === undefined) return null
  return `replica ${behind.replica} has ${behind.match} of ${lastId.index}: ${behind.state}`
}
