// Restart of the specification: what was durable is there again, and nothing is committed that was
// not.
import type { EntryId, Raft, ReplicaId } from '@holdfast/raft'
import type { Verdict } from './step.ts'

/** What a replica had on its disk for all it knew, when its process ended. */
export interface Remains {
  readonly term: number
  readonly vote: ReplicaId | null
  readonly last: { readonly index: number; readonly term: number | null }
  /** So much is committed, although its log began anew; 0: it did not. */
  readonly floor: number
  /** The snapshot that was replacing the log, and may have done so; null: none was. */
  readonly replacedBy: EntryId | null
}

/** `committed`: the highest index that anybody knows to be. */
export function guardRestart(
  raft: Raft,
  remains: Remains | null,
  committed: number,
  verdict: Verdict
): void {
  verdict.found('Restart')
  const { term, vote, commit } = raft.hardState
  if (commit > committed) verdict.wrong(`restarts with commit ${commit}`)
  if (remains === null) return
  const { index, term: lastTerm } = remains.last
  if (term < remains.term) verdict.wrong(`forgot term ${remains.term}, restarts in ${term}`)
  if (commit < remains.floor) verdict.wrong(`forgot that ${remains.floor} is committed`)
  const isOtherVote = term === remains.term && remains.vote !== null && vote !== remains.vote
  if (isOtherVote) verdict.wrong(`forgot its vote for ${remains.vote} in ${term}`)
  if (index < raft.firstIndex || lastTerm === null) return
  const { replacedBy } = remains
  if (replacedBy !== null && replacedBy.index === raft.snapshotId?.index) return
  if (raft.termAt(index) !== lastTerm) verdict.wrong(`forgot entry ${index}/${lastTerm}`)
}
