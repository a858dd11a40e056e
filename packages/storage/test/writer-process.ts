// A process of its own that writes to a store until it is killed, and says on its standard output
// which records were acknowledged. Started by crash.test.ts; arguments: the directory.
import { writeSync } from 'node:fs'
import { commitRecord, entryAt } from '@holdfast/cluster/contract'
import { openStore } from '../src/index.ts'

const directory = process.argv[2] ?? ''
const tuning = { checkpointIntervalRecords: 7, deleteChunkBytes: 20_000 }
const store = await openStore({ directory, tuning, writeBufferSizeBytes: 256 * 1024 })
let id = store.recovered.lastRecord
let last = store.recovered.groups[0]?.lastIndex ?? 0
writeSync(1, `opened ${id}\n`)
for (;;) {
  id += 1
  last += 1
  const entries = [entryAt(last, id, (id * 977) % 30_000)]
  const write = { group: 1, hardState: { term: id, vote: id, commit: last }, truncateFrom: null }
  const snapshots =
    id % 10 !== 0
      ? []
      : [
          {
            group: 1,
            meta: {
              id: { index: last - 5, term: id - 5 },
              configuration: { voters: [1], outgoing: [], learners: [] },
              manifest: new Uint8Array(3)
            },
            newBlobs: [{ id, bytes: new Uint8Array(100) }],
            blobs: [id],
            freed: [{ first: Math.max(1, last - 15), last: last - 6 }],
            keepFrom: last - 5
          }
        ]
  await store.write(commitRecord(id, { groups: [{ ...write, entries }], snapshots }))
  writeSync(1, `${id}\n`)
}
