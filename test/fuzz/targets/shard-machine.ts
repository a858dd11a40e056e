// The machine of a shard under a log of any sections: it never throws, a machine restored from its
// snapshot equals it, and stays equal.
import { encodeEntryBatch, type MachineSnapshot, ShardMachine } from '@holdfast/broker'
import { AssertionError } from '@holdfast/errors'
import { step, stepsOf } from '../script.ts'
import { must, type Target } from '../target.ts'
import { texts } from '../tokens.ts'
import { publishSample, sectionSamples } from './shard-samples.ts'

/** At this operation and above a step is an entry as it is; below, a section of an entry. */
const rawEntry = 240
/** From here up to `rawEntry` the machine takes a snapshot, and a twin is restored from it. */
const snapshotStep = 224

const limits = { segmentRows: 16, blobBytes: 256 }

/** A version that this code does not have halts the replica, as it must; leaders propose none. */
function run(input: Uint8Array): void {
  try {
    runHistory(input)
  } catch (error) {
    const isHalt = error instanceof AssertionError && /a version is activated/.test(error.message)
    if (!isHalt) throw error
  }
}

function runHistory(input: Uint8Array): void {
  const machine = new ShardMachine({ limits })
  let twin: ShardMachine | null = null
  const blobs = new Map<number, Uint8Array>()
  let index = 0
  let timeMs = 1000
  const restored = (snapshot: MachineSnapshot): ShardMachine => {
    for (const { id, bytes } of snapshot.newBlobs) blobs.set(id, bytes)
    return ShardMachine.restore(snapshot.manifest, blobs, { limits })
  }
  for (const { operation, payload } of stepsOf(input)) {
    if (operation >= snapshotStep && operation < rawEntry) {
      if (twin !== null) must(twin.hash() === machine.hash(), 'a restored machine stays equal')
      twin = restored(machine.snapshot())
      must(twin.hash() === machine.hash(), 'a restored machine is equal')
      continue
    }
    timeMs += operation * operation * 16
    const section = Buffer.alloc(4 + payload.length)
    section.writeUInt32BE(payload.length)
    section.set(payload, 4)
    const data = operation >= rawEntry ? payload : encodeEntryBatch(timeMs, [section])
    index += 1
    machine.apply({ index, term: 1 }, data)
    twin?.apply({ index, term: 1 }, data)
  }
  if (twin !== null) must(twin.hash() === machine.hash(), 'a restored machine stays equal')
  machine.retainedEntries()
}

const sections = sectionSamples.map((section) => step(1, section.subarray(4)))
const [topology, , attach, marks, ...rest] = sections
const publishes = [1, 2, 3].map((number) => step(2, publishSample(number).subarray(4)))
const begin = [topology, ...publishes, attach, marks].map((each) => each ?? new Uint8Array(0))

export const target: Target = {
  bytesMax: 4096,
  seeds: [
    Buffer.concat([...begin, ...rest, step(snapshotStep)]),
    ...rest.map((section) => Buffer.concat([...begin, section, step(snapshotStep), ...publishes])),
    Buffer.concat([...begin, step(snapshotStep), ...rest, step(snapshotStep)]),
    step(rawEntry, encodeEntryBatch(5, sectionSamples))
  ],
  tokens: texts,
  hasMsgpack: true,
  run
}
