// Adding entries to the log, and what follows from it at once: a configuration is in effect from
// the moment it is in the log (Raft §6), and a leader tracks exactly those whom it names.
import { assert } from '@holdfast/errors'
import { members } from './configuration.ts'
import { decodeConfiguration } from './configuration-codec.ts'
import type { Entry, EntryId, EntryType } from './entry.ts'
import { createProgress } from './progress.ts'
import { effectiveConfiguration, progressOf, type RaftState } from './state.ts'

/** Appends one entry of the current leader, or of this replica as leader. */
export function appendEntry(state: RaftState, entry: Entry): void {
  state.log.append(entry)
  if (entry.type !== 'configuration') return
  state.configurations.note(entry.index, decodeConfiguration(entry.data))
  if (state.role === 'leader') trackMembers(state, entry.index)
}

/** A leader appends to its log and never overwrites it (Raft §5.3, Leader Append-Only). */
export function appendOwn(state: RaftState, type: EntryType, data: Uint8Array): EntryId {
  assert(state.role === 'leader', 'only a leader makes entries')
  const index = state.log.lastIndex + 1
  assert(Number.isSafeInteger(index), 'indexes are safe integers')
  appendEntry(state, { index, term: state.term, type, data })
  state.uncommittedBytes += data.byteLength
  return { index, term: state.term }
}

/** Whether a leader takes commands: no transfer is closing, and there is room for their bytes. */
export function canAppend({ role, transfer, uncommittedBytes, config }: RaftState): boolean {
  if (role !== 'leader' || transfer?.isClosing === true) return false
  return uncommittedBytes < config.uncommittedBytesMax
}

/** A command of a leader that takes some; null if it would exceed the uncommitted bytes. */
export function appendCommand(state: RaftState, data: Uint8Array): EntryId | null {
  const bytes = state.uncommittedBytes + data.byteLength
  if (state.uncommittedBytes > 0 && bytes > state.config.uncommittedBytesMax) return null
  return appendOwn(state, 'command', data)
}

function trackMembers(state: RaftState, index: number): void {
  state.progress = members(effectiveConfiguration(state)).map(
    (replica) =>
      progressOf(state, replica) ??
      createProgress(state.config, replica, {
        next: index,
        session: index,
        tick: state.awakeTickCount
      })
  )
}

/** Entries from `index` on contradict the leader's: they go, and configurations with them. */
export function truncateLog(state: RaftState, index: number): void {
  assert(index > state.commitIndex, 'a committed entry is never truncated')
  state.log.truncateFrom(index)
  state.unstable.truncated(index)
  state.configurations.truncateFrom(index)
}

/** Raises the commit index; it never falls. */
export function commitTo(state: RaftState, index: number): void {
  if (index <= state.commitIndex) return
  assert(index <= state.log.lastIndex, 'only what is in the log is committed')
  if (state.role === 'leader') {
    for (let at = state.commitIndex + 1; at <= index; at++) {
      state.uncommittedBytes -= state.log.entry(at)?.data.byteLength ?? 0
    }
  }
  state.commitIndex = index
}
