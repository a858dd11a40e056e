// The directory of a member with two groups, and a hole in it.
import { join } from 'node:path'
import type { NodeIdentity } from '@holdfast/cluster'
import { commitRecord, entryAt } from '@holdfast/cluster/contract'
import { ClassicLevel } from 'classic-level'
import { openStore } from '../src/index.ts'
import { recordKey } from '../src/keys.ts'
import { tuning } from './store-files.ts'

export const identity: NodeIdentity = { clusterId: 'ab'.repeat(16), node: 3, incarnation: 2 }
export const peers: Uint8Array = Buffer.from('who they were')

export interface Scene {
  readonly directory: string
  readonly storeId: string
}

/** A closed store: record `1 + k` holds entry k of group 1, each tenth one of group 0 as well. */
export async function makeMember(parent: string, count: number, sizeBytes: number): Promise<Scene> {
  const directory = join(parent, 'data')
  const store = await openStore({ directory, tuning, writeBufferSizeBytes: 128 * 1024 })
  await store.write(commitRecord(1, { identity, peers }))
  for (let index = 1; index <= count; index += 1) {
    const entries = [entryAt(index, 1, sizeBytes)]
    const hardState = { term: 1, vote: 5, commit: index - 1 }
    const groups = [{ group: 1, hardState, truncateFrom: null, entries }]
    if (index % 10 === 0) {
      const few = [entryAt(index / 10, 1, 30)]
      groups.push({
        group: 0,
        hardState: { ...hardState, commit: 0 },
        truncateFrom: null,
        entries: few
      })
    }
    await store.write(commitRecord(1 + index, { groups }))
  }
  await store.close()
  return { directory, storeId: store.recovered.storeId }
}

export async function deleteRecord(directory: string, sequence: number): Promise<void> {
  const database = new ClassicLevel<Uint8Array, Uint8Array>(join(directory, 'log'), {
    keyEncoding: 'view',
    valueEncoding: 'view',
    compression: false
  })
  await database.open()
  await database.del(recordKey(sequence))
  await database.close()
}
