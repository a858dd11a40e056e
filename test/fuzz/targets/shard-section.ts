// A section of a shard's entry, as a leader takes it from another node. What passes is never
// refused as malformed when it is applied, and a command is the same when it is encoded again.
import {
  decodeCommandSection,
  encodeCommandSection,
  encodeEntryBatch,
  readEntryBatch,
  readPublishHeader,
  readSectionAlone,
  readSectionHeader,
  readTransaction,
  ShardMachine,
  transactionKind,
  validateSection
} from '@holdfast/broker'
import { isSameValue } from '../same-value.ts'
import { must, refusedOr, type Target } from '../target.ts'
import { texts } from '../tokens.ts'
import { sectionSamples } from './shard-samples.ts'

const publishKind = 1

function run(input: Uint8Array): void {
  refusedOr(() => readEntryBatch(input))
  refusedOr(() => readPublishHeader(input, 0))
  const isSound = refusedOr(() => {
    validateSection(input)
    return true
  })
  if (isSound === null) return
  if (input[4] === publishKind) {
    const header = readSectionAlone(input)
    must(header.blobEnd === input.length && header.count > 0, 'a publish fills its section')
    readSectionHeader(input, 0)
  } else if (input[4] === transactionKind) {
    const { publishes } = readTransaction(input, 0)
    for (const { position, count } of publishes) {
      must(count > 0, 'a publish has records')
      readSectionHeader(input, position)
    }
  } else {
    const command = decodeCommandSection(input, 0)
    const again = decodeCommandSection(encodeCommandSection(command), 0)
    must(isSameValue(command, again), 'a command that was accepted is the same when sent again')
  }
  const machine = new ShardMachine()
  const { replies } = machine.apply({ index: 1, term: 1 }, encodeEntryBatch(1, [input]))
  const isMalformed = replies.some((r) => r.type === 'refused' && r.code === 'FRAME_INVALID')
  must(replies.length === 1 && !isMalformed, 'what a leader passes is not malformed when applied')
}

/** The length in front is that of what follows. */
function mend(input: Uint8Array): Uint8Array {
  if (input.length < 5) return input
  const bytes = Buffer.from(input)
  bytes.writeUInt32BE(bytes.length - 4, 0)
  return bytes
}

export const target: Target = {
  bytesMax: 2048,
  seeds: [...sectionSamples, encodeEntryBatch(5, sectionSamples)],
  tokens: texts,
  hasMsgpack: true,
  mend,
  run
}
