// What a commit record brings to a disk, as marks.
import type { CommitRecord, GroupWrite } from '@holdfast/cluster'
import type { Reached } from './marks.ts'

function markWrite({ hardState, truncateFrom, entries }: GroupWrite, reached: Reached): void {
  if (hardState?.vote != null) reached('record: vote')
  if (hardState !== null && hardState.vote === null) reached('record: term without a vote')
  if (truncateFrom !== null) {
    reached(entries.length > 0 ? 'record: truncation with entries' : 'record: truncation alone')
  }
  if (entries.length === 1) reached('record: one entry')
  if (entries.length > 1) reached('record: several entries')
  for (const { type } of entries) {
    if (type === 'no-op') reached('record: no-op')
    if (type === 'configuration') reached('record: configuration')
  }
  const [first] = entries
  const last = entries.at(-1)
  if (first !== undefined && first.term !== last?.term) reached('record: entries of two terms')
}

export function markRecord(record: CommitRecord, reached: Reached): void {
  const { groups, snapshots, stages, installs, repairs, removedGroups } = record
  for (const write of groups) markWrite(write, reached)
  if (groups.length > 1) reached('record: several groups')
  if (record.identity !== null) reached('record: identity')
  if (record.peers !== null) reached('record: addresses of peers')
  if (removedGroups.length > 0) reached('record: a group is left')
  if (repairs.length > 0) reached('record: a repair')
  for (const { newBlobs, blobs, freed } of snapshots) {
    reached('record: a snapshot')
    if (newBlobs.length < blobs.length) reached('record: a snapshot keeps older blobs')
    if (newBlobs.length > 1) reached('record: a snapshot of several blobs')
    if (freed.length > 0) reached('record: a snapshot frees entries')
  }
  for (const { blobs, entries } of stages) {
    if (blobs.length > 0) reached('record: staged blobs')
    if (entries.length > 0) reached('record: staged entries')
  }
  for (const install of installs) {
    reached('record: an install')
    if (install.retained.length > 0) reached('record: an install retains entries')
    const isWritten = groups.some(({ group }) => group === install.group)
    if (isWritten) reached('record: an install and a write of one group')
  }
  if (stages.length > 0 && groups.length > 0) reached('record: parts and entries together')
  if (snapshots.length > 1) reached('record: snapshots of several groups')
}
