// Snapshots of the metadata, as another node or the disk gives them: restored as a machine that
// works, or refused in a way that halts the replica and nothing else.
import { MetadataMachine, packMetadataBatch } from '@holdfast/broker'
import { AssertionError, HoldfastError } from '@holdfast/errors'
import type { Target } from '../target.ts'
import { texts } from '../tokens.ts'
import { commandSamples } from './metadata-samples.ts'
import { asInput, partsOf } from './snapshot-parts.ts'

function run(input: Uint8Array): void {
  const { manifest, blobs } = partsOf(input)
  try {
    MetadataMachine.restore(manifest, blobs).hash()
  } catch (error) {
    if (!(error instanceof AssertionError || error instanceof HoldfastError)) throw error
  }
}

function samples(): readonly Uint8Array[] {
  const machine = new MetadataMachine()
  const inputs: Uint8Array[] = []
  for (const [place, command] of commandSamples.entries()) {
    machine.apply({ index: place + 1, term: 1 }, packMetadataBatch(1000, [command]))
    if (place % 4 !== 3) continue
    const twin = new MetadataMachine()
    for (let at = 0; at <= place; at += 1) {
      const each = commandSamples[at] ?? new Uint8Array(0)
      twin.apply({ index: at + 1, term: 1 }, packMetadataBatch(1000, [each]))
    }
    const { manifest, newBlobs } = twin.snapshot()
    inputs.push(
      asInput(
        manifest,
        newBlobs.map(({ bytes }) => bytes)
      )
    )
  }
  return inputs
}

export const target: Target = {
  bytesMax: 4096,
  seeds: samples(),
  tokens: texts,
  hasMsgpack: true,
  run
}
