// What the tests of the LogStore contract are made of: places to open stores in, records, entries,
// and results as text.
import type { GroupWrite, LogStore, ReadResult, SnapshotWrite } from '@holdfast/cluster'
import type { Configuration, Entry, EntryType, SnapshotMeta } from '@holdfast/raft'
import type { Test } from 'tap'

export { commitRecord } from '@holdfast/cluster'

/** A place where stores are opened one after the other. */
export interface StoreDisk {
  /** Opens what is there. The store before must be closed or crashed. */
  open(): Promise<LogStore>
  /** Ends a store as a crash of its process would: nothing more is written. */
  crash(store: LogStore): Promise<void>
}

/** An entry whose bytes tell where it belongs. */
export function entryAt(
  index: number,
  term: number,
  sizeBytes: number = 20,
  type: EntryType = 'command'
): Entry {
  const data = new Uint8Array(sizeBytes)
  for (let at = 0; at < sizeBytes; at += 1) data[at] = (index * 31 + term * 7 + at) % 251
  return { index, term, type, data }
}

export function entriesOf(first: number, last: number, term: number): readonly Entry[] {
  const entries: Entry[] = []
  for (let index = first; index <= last; index += 1) entries.push(entryAt(index, term))
  return entries
}

export function groupWrite(group: number, parts: Partial<GroupWrite>): GroupWrite {
  return { group, hardState: null, truncateFrom: null, entries: [], ...parts }
}

export const configuration: Configuration = { voters: [1, 2, 3], outgoing: [2], learners: [4] }

export function metaAt(index: number, term: number, manifest: string = 'manifest'): SnapshotMeta {
  return { id: { index, term }, configuration, manifest: Buffer.from(manifest) }
}

export function snapshotAt(
  index: number,
  term: number,
  parts: Partial<SnapshotWrite>
): SnapshotWrite {
  const meta = metaAt(index, term)
  return { group: 1, meta, newBlobs: [], blobs: [], freed: [], keepFrom: 0, ...parts }
}

/** One letter a result: what a read found. */
export function describeResults(results: readonly ReadResult[]): string {
  return results
    .map((result) => {
      switch (result.type) {
        case 'entry':
          return `${result.entry.index}@${result.entry.term}`
        case 'blob':
          return `blob ${result.blob.id}: ${Buffer.from(result.blob.bytes).toString()}`
        default:
          return result.type
      }
    })
    .join(', ')
}

export const everything: number = 2 ** 30

export async function readAll(
  store: LogStore,
  group: number,
  first: number,
  last: number
): Promise<string> {
  return describeResults(await store.readEntries(group, { first, last }, everything))
}

/** Each test gets a blank disk. */
export type MakeDisk = (t: Test) => Promise<StoreDisk>
