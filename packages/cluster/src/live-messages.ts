// How many messages of some entries were live when the snapshot of a group was taken: for the
// report of what a damaged directory has lost.
import { ShardMachine } from '@holdfast/broker'
import type { RecoveredGroup } from './log-store.ts'

/** Null if the group has no snapshot, and for the metadata, which holds no messages. */
export function liveMessages(
  { group, snapshot }: RecoveredGroup,
  indexes: readonly number[]
): number | null {
  if (group === 0 || snapshot === null) return null
  const blobs = new Map(snapshot.blobs.map(({ id, bytes }) => [id, bytes]))
  const machine = ShardMachine.restore(snapshot.meta.manifest, blobs, { group })
  return indexes.reduce((sum, index) => sum + machine.liveInEntry(index), 0)
}
