// Snapshots of a shard, as another node or the disk gives them: restored as a machine that works,
// or refused by an assertion, which halts the replica and nothing else.
import { ShardMachine } from '@holdfast/broker'
import { AssertionError } from '@holdfast/errors'
import { stepsOf } from '../script.ts'
import { must, type Target } from '../target.ts'
import { texts } from '../tokens.ts'
import { target as machineTarget } from './shard-machine.ts'
import { asInput, partsOf } from './snapshot-parts.ts'

function run(input: Uint8Array): void {
  const { manifest, blobs } = partsOf(input)
  let machine: ShardMachine
  try {
    machine = ShardMachine.restore(manifest, blobs)
  } catch (error) {
    if (error instanceof AssertionError) return
    throw error
  }
  const hash = machine.hash()
  must(hash === ShardMachine.restore(manifest, blobs).hash(), 'bytes decide what is restored')
}

/** Snapshots of the machines that other seeds make. */
function samples(): readonly Uint8Array[] {
  return machineTarget.seeds.map((seed) => {
    const machine = new ShardMachine()
    let index = 0
    for (const { operation, payload } of stepsOf(seed)) {
      if (operation >= 224) continue
      const head = Buffer.alloc(17)
      head[0] = 1
      head.writeDoubleBE(1000, 1)
      head.writeUInt32BE(1, 9)
      head.writeUInt32BE(payload.length, 13)
      index += 1
      machine.apply({ index, term: 1 }, Buffer.concat([head, payload]))
    }
    const { manifest, newBlobs } = machine.snapshot()
    return asInput(
      manifest,
      newBlobs.map(({ bytes }) => bytes)
    )
  })
}

export const target: Target = {
  bytesMax: 4096,
  seeds: samples(),
  tokens: texts,
  hasMsgpack: true,
  run
}
