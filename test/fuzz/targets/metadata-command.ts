// Metadata commands and batches of them as bytes. What is accepted is encoded again and read again,
// and is the same.
import { decodeMetadataCommand, encodeMetadataCommand, packMetadataBatch } from '@holdfast/broker'
import type * as commandCodec from '../../../packages/broker/src/command-codec.ts'
import { internal } from '../internal.ts'
import { isSameValue } from '../same-value.ts'
import { must, refusedOr, type Target } from '../target.ts'
import { texts } from '../tokens.ts'
import { commandSamples } from './metadata-samples.ts'

const { unpackMetadataBatch } = await internal<typeof commandCodec>('broker', 'command-codec')

function run(input: Uint8Array): void {
  const command = refusedOr(() => decodeMetadataCommand(input))
  if (command !== null) {
    const again = decodeMetadataCommand(encodeMetadataCommand(command))
    must(isSameValue(command, again), 'a command that was accepted is the same when sent again')
  }
  const batch = refusedOr(() => unpackMetadataBatch(input))
  if (batch === null) return
  const again = unpackMetadataBatch(packMetadataBatch(batch.timeMs, batch.commands))
  must(isSameValue(batch, again), 'a batch that was accepted is the same when it is packed again')
}

export const target: Target = {
  bytesMax: 2048,
  seeds: [...commandSamples, packMetadataBatch(1000, commandSamples.slice(0, 3))],
  tokens: texts,
  hasMsgpack: true,
  run
}
