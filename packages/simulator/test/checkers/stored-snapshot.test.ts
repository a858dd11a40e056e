// What is on a disk becomes the machine that a process would begin with.
import { MetadataMachine, ShardMachine } from '@holdfast/broker'
import t from 'tap'
import { machineOnDisk } from '../../src/checkers/stored-snapshot.ts'

const configuration = { voters: [1], outgoing: [], learners: [] }

function stored(machine: ShardMachine | MetadataMachine): Parameters<typeof machineOnDisk>[1] {
  const { manifest, newBlobs } = machine.snapshot(new Set())
  const meta = { id: { index: 1, term: 1 }, configuration, manifest }
  return { meta, blobs: new Map(newBlobs.map((blob) => [blob.id, blob])) }
}

t.test('a disk without a snapshot has no machine', async (t) => {
  t.equal(machineOnDisk(1, { meta: null, blobs: new Map() }), null)
})

t.test('shards and metadata come back as they were', async (t) => {
  const shard = new ShardMachine()
  t.equal(machineOnDisk(1, stored(shard))?.hash(), shard.hash())
  const metadata = new MetadataMachine()
  t.equal(machineOnDisk(0, stored(metadata))?.hash(), metadata.hash())
})

t.test('a manifest that is cut off cannot be read', async (t) => {
  const { meta, blobs } = stored(new ShardMachine())
  const manifest = meta?.manifest.subarray(0, 4) ?? new Uint8Array()
  t.throws(() => machineOnDisk(1, { meta: meta && { ...meta, manifest }, blobs }))
})
