// What a commit record must fulfil before it is written: a record that breaks these would be
// accepted by LevelDB and found broken at the next open, when it is too late. All are programmer's
// errors.
import type {
  Blob,
  CommitRecord,
  GroupId,
  GroupWrite,
  InstallWrite,
  SnapshotWrite
} from '@holdfast/cluster'
import { assert } from '@holdfast/errors'
import type { GroupState, NodeState } from './node-state.ts'
import { afterInstall } from './record-encoder.ts'

/** @throws AssertionError, and then nothing has happened */
export function assertRecord(state: NodeState, record: CommitRecord): void {
  assert(record.id > state.recordId, 'ids of commit records grow')
  const installs = new Map<GroupId, InstallWrite>()
  for (const install of record.installs) {
    assert(!installs.has(install.group), 'a record installs at most one snapshot a group')
    assert(!record.removedGroups.includes(install.group), 'what an install rests on stays')
    assertInstall(state, record, install)
    installs.set(install.group, install)
  }
  const removed = new Set(record.removedGroups)
  const known = (id: GroupId): GroupState | undefined =>
    removed.has(id) ? undefined : state.groups.get(id)
  const lastIndexes = new Map<GroupId, number>()
  for (const write of record.groups) {
    assert(!lastIndexes.has(write.group), 'a record holds at most one write a group')
    const install = installs.get(write.group)
    const group = install === undefined ? known(write.group) : undefined
    const last = install?.meta.id.index ?? group?.lastIndex ?? 0
    lastIndexes.set(write.group, assertGroup(group, afterInstall(write, install), last))
  }
  const snapshots = new Set<GroupId>()
  for (const snapshot of record.snapshots) {
    const { group } = snapshot
    assert(!snapshots.has(group), 'a record holds at most one snapshot a group')
    assert(!installs.has(group), 'a group does not take and install a snapshot in one record')
    snapshots.add(group)
    const last = lastIndexes.get(group) ?? known(group)?.lastIndex ?? 0
    const ahead = record.blobs.flatMap((write) => (write.group === group ? write.blobs : []))
    assertSnapshot(known(group), snapshot, { lastIndex: last, ahead })
  }
}

/** Returns the last index that follows. */
function assertGroup(group: GroupState | undefined, write: GroupWrite, lastIndex: number): number {
  let last = lastIndex
  const term = group?.hardState.term ?? 0
  assert(write.hardState === null || write.hardState.term >= term, 'terms never fall (Raft §5.1)')
  if (write.truncateFrom !== null) {
    const snapshotIndex = group?.snapshot?.id.index ?? 0
    assert(write.truncateFrom > snapshotIndex, 'nothing that a snapshot covers is truncated')
    last = Math.min(last, write.truncateFrom - 1)
  }
  for (const entry of write.entries) {
    assert(entry.index === last + 1, 'entries follow each other and the log without a gap')
    last = entry.index
  }
  return last
}

function assertSnapshot(
  group: GroupState | undefined,
  snapshot: SnapshotWrite,
  { lastIndex, ahead }: { readonly lastIndex: number; readonly ahead: readonly Blob[] }
): void {
  const { index } = snapshot.meta.id
  assert(index <= lastIndex, 'a snapshot covers only what the log holds')
  assert(index >= (group?.snapshot?.id.index ?? 0), 'snapshots only move forward')
  const fresh = new Set([...ahead, ...snapshot.newBlobs].map((blob) => blob.id))
  for (const id of snapshot.blobs) {
    assert(
      fresh.has(id) || group?.blobs.has(id) === true,
      'every named blob is there or comes along'
    )
  }
}

function assertInstall(state: NodeState, record: CommitRecord, install: InstallWrite): void {
  const group = state.groups.get(install.group)
  const blobs = new Set<number>()
  const entries = new Set<number>()
  const { id } = install.meta
  const staged = group?.staged ?? null
  const stages = record.stages.filter(
    (stage) => stage.group === install.group && stage.snapshot.index === id.index
  )
  for (const stage of stages) {
    for (const blob of stage.blobs) blobs.add(blob.id)
    for (const entry of stage.entries) entries.add(entry.index)
  }
  for (const blob of install.blobs) {
    const isThere = blobs.has(blob) || staged?.blobs.has(blob) === true
    assert(isThere, 'every blob of an installed snapshot is staged')
  }
  for (const range of install.retained) {
    assert(range.last <= id.index, 'an installed snapshot retains nothing behind it')
    for (let index = range.first; index <= range.last; index += 1) {
      const isThere =
        entries.has(index) || staged?.log.has(index) === true || group?.log.has(index) === true
      assert(isThere, 'every retained entry of an installed snapshot is staged or in the log')
    }
  }
}
