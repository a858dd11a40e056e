// The machine that a process would begin with, were it started from the snapshot on a disk.
import { MetadataMachine, ShardMachine } from '@holdfast/broker'
import type { GroupId } from '@holdfast/cluster'
import type { StoredGroup } from '@holdfast/cluster/contract'

/** @throws where manifest and blobs do not fit together. */
export function machineOnDisk(
  group: GroupId,
  { meta, blobs }: Pick<StoredGroup, 'meta' | 'blobs'>
): MetadataMachine | ShardMachine | null {
  if (meta === null) return null
  const bytes = new Map([...blobs].map(([id, blob]) => [id, blob.bytes]))
  if (group === 0) return MetadataMachine.restore(meta.manifest, bytes)
  return ShardMachine.restore(meta.manifest, bytes, { group })
}
