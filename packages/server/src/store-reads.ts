// What a member wants read, as calls of the store.
import type { LogStore, Output, ReadResult } from '@holdfast/cluster'

export type Read = Extract<Output, { type: 'read-entries' | 'read-blobs' | 'read-staged' }>

export function readFrom(store: LogStore, read: Read): Promise<readonly ReadResult[]> {
  const { group } = read
  if (read.type === 'read-entries') return store.readEntries(group, read.range, read.bytesMax)
  if (read.type === 'read-blobs') return store.readBlobs(group, read.ids)
  return store.readStaged(group, read.offer, read.ids)
}
