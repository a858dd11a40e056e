// The machine of the metadata group under a log of any commands that its codec takes: what it will
// not do is a coded answer, and a machine restored from its snapshot equals it.
import {
  checkMetadataCommand,
  decodeMetadataCommand,
  MetadataMachine,
  packMetadataBatch
} from '@holdfast/broker'
import { step, stepsOf } from '../script.ts'
import { must, refusedOr, type Target } from '../target.ts'
import { texts } from '../tokens.ts'
import { commandSamples } from './metadata-samples.ts'

/** From this operation on a step is a snapshot; below, a command. */
const snapshotStep = 224

/** As a leader does before it proposes. */
function isProposed(bytes: Uint8Array): boolean {
  return (
    refusedOr(() => {
      checkMetadataCommand(decodeMetadataCommand(bytes))
      return true
    }) ?? false
  )
}

function run(input: Uint8Array): void {
  const machine = new MetadataMachine()
  const blobs = new Map<number, Uint8Array>()
  let index = 0
  let timeMs = 1000
  for (const { operation, payload } of stepsOf(input)) {
    if (operation >= snapshotStep) {
      const { manifest, newBlobs } = machine.snapshot()
      for (const { id, bytes } of newBlobs) blobs.set(id, bytes)
      const twin = MetadataMachine.restore(manifest, blobs)
      must(twin.hash() === machine.hash(), 'a restored machine is equal')
      continue
    }
    if (!isProposed(payload)) continue
    index += 1
    timeMs += operation
    machine.apply({ index, term: 1 }, packMetadataBatch(timeMs, [payload]))
  }
}

const steps = commandSamples.map((command) => step(1, command))
const first = steps[0] ?? new Uint8Array(0)

export const target: Target = {
  bytesMax: 4096,
  seeds: [
    Buffer.concat([...steps, step(snapshotStep)]),
    ...steps.slice(1).map((each) => Buffer.concat([first, each, step(snapshotStep)])),
    Buffer.concat([...steps.slice(0, 15), step(snapshotStep)])
  ],
  tokens: texts,
  hasMsgpack: true,
  run
}
