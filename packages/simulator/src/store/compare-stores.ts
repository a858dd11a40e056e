// Compares a store with the reference: what it recovered, and everything it can be asked.
import { crc32 } from 'node:zlib'
import type { LogStore, ReadResult, Recovered } from '@holdfast/cluster'
import type { Entry } from '@holdfast/raft'

function describeEntry(entry: Entry): string {
  return `${entry.index}@${entry.term} ${entry.type} ${entry.data.length} ${crc32(entry.data)}`
}

function describeResult(result: ReadResult): string {
  if (result.type === 'entry') return describeEntry(result.entry)
  if (result.type === 'blob') return `${result.blob.id}: ${crc32(result.blob.bytes)}`
  return result.type
}

export function describeRecovered(recovered: Recovered): unknown {
  return {
    ...recovered,
    storeId: '',
    peers: recovered.peers === null ? null : Buffer.from(recovered.peers).toString(),
    groups: recovered.groups.map((group) => ({
      ...group,
      snapshot: group.snapshot && {
        ...group.snapshot.meta,
        manifest: Buffer.from(group.snapshot.meta.manifest).toString(),
        blobs: group.snapshot.blobs.map((blob) => describeResult({ type: 'blob', blob }))
      },
      entries: group.entries.map(describeEntry)
    }))
  }
}

/** All entries, blobs and retained entries of some groups, as text. */
export async function describeContents(
  store: LogStore,
  groups: readonly { readonly group: number; readonly last: number }[],
  blobsMax: number
): Promise<unknown> {
  const found: unknown[] = []
  for (const { group, last } of groups) {
    const entries: string[] = []
    for (let first = 1; first <= last; ) {
      const results = await store.readEntries(group, { first, last }, 100_000)
      entries.push(...results.map(describeResult))
      first += results.length
    }
    const ids = Array.from({ length: blobsMax }, (_, at) => at + 1)
    const blobs = (await store.readBlobs(group, ids)).map(describeResult)
    found.push({ group, entries, blobs, retained: store.retained(group, 0, 1_000_000) })
  }
  return found
}
