// Snapshots on this replica's side (Raft §7): taking one lets the log be compacted; installing one
// replaces the whole log. Offering one to a follower is in replication.ts, hearing of one in
// follower.ts.
import { assert } from '@holdfast/errors'
import { commitTo } from './append.ts'
import type { SnapshotMeta } from './entry.ts'
import { answerInstalled } from './follower.ts'
import { isWriteDue } from './outbox.ts'
import type { RaftState } from './state.ts'

/** The local machine's snapshot is durable; it can be offered, and the log below it compacted. */
export function snapshotTaken(state: RaftState, meta: SnapshotMeta): void {
  assert(meta.id.index <= state.appliedIndex, 'a snapshot covers only what was applied')
  // One that was installed meanwhile may be newer.
  if (meta.id.index < state.log.snapshotIndex) return
  state.log.setSnapshot(meta)
  state.configurations.forgetBefore(meta.id.index)
}

/**
 * The caller hands an install to the store. False: it is no longer of use, and must not be
 * installed. True: from here until `installed` or `snapshotRefused` the log does not change.
 */
export function beginInstall(state: RaftState, meta: SnapshotMeta): boolean {
  const { offer } = state
  if (offer === null || offer.isInstalling) return false
  if (offer.snapshot.id.index !== meta.id.index || offer.snapshot.id.term !== meta.id.term) {
    return false
  }
  // Where the log has come on its own meanwhile, it may reach beyond the snapshot, and what is
  // there was acknowledged.
  const isHere = meta.id.index <= state.commitIndex || state.log.matches(meta.id)
  if (isHere || state.role !== 'follower') {
    // Forgotten, so that it is brought again if the leader repeats its offer.
    state.offer = null
    return false
  }
  assert(!isWriteDue(state), 'what is in the log is handed out before it is replaced')
  offer.isInstalling = true
  return true
}

/** The install is durable and the machine restored: the log begins anew after it. */
export function installed(state: RaftState, meta: SnapshotMeta): void {
  assert(state.offer?.isInstalling === true, 'beginInstall comes before installed')
  assert(state.offer.snapshot.id.index === meta.id.index, 'what is installed is what was begun')
  assert(meta.id.index > state.commitIndex, 'the log did not change while it was replaced')
  state.offer = null
  state.log.reset(meta)
  state.unstable.reset(meta.id.index)
  state.configurations.reset({ index: meta.id.index, configuration: meta.configuration })
  commitTo(state, meta.id.index)
  state.appliedIndex = meta.id.index
  answerInstalled(state)
}
