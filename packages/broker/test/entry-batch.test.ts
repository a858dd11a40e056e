// Entries under every kind of damage: refused as a whole or section by section, never an exception,
// and the same on every replica.
import { HoldfastError } from '@holdfast/errors'
import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import {
  encodeCommandSection,
  encodeEntryBatch,
  encodePublishSection,
  entryBatchHeaderBytes,
  readEntryBatch,
  readSectionAlone,
  ShardMachine,
  sectionBytes,
  validateSection
} from '../src/index.ts'
import { producer, ShardFixture } from './shard-fixture.ts'

function joined(section: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(section))
}

function codeOf(run: () => void): string | null {
  try {
    run()
    return null
  } catch (error) {
    return error instanceof HoldfastError ? error.code : `${error}`
  }
}

const fixture = new ShardFixture()
const publish = encodePublishSection(fixture.section(3, { producer: producer(1), queues: [1, 2] }))
const settle = encodeCommandSection({
  type: 'settle',
  queue: 1,
  consumer: { session: '0a', tag: 'c' },
  outcome: 'accepted',
  ranges: [1, 2, 0]
})
const create = encodeCommandSection({
  type: 'topology',
  upTo: 2,
  changes: [
    { type: 'create-queue', cursor: 1, queue: 1, vhost: '/', name: 'one' },
    { type: 'create-queue', cursor: 2, queue: 2, vhost: '/', name: 'two' }
  ]
})

t.test('sections lie one behind the other, in one piece or in slices', async (t) => {
  const data = encodeEntryBatch(77, [publish, settle, create])
  const { timeMs, positions } = readEntryBatch(data)
  t.equal(timeMs, 77)
  const second = entryBatchHeaderBytes + sectionBytes(publish)
  t.same(positions, [entryBatchHeaderBytes, second, second + settle.length])
  t.same(encodeEntryBatch(77, [joined(publish), [settle], create]), data)
  t.same(readEntryBatch(encodeEntryBatch(0, [])), { timeMs: 0, positions: [] })
})

t.test('valid sections pass the check of the leader', async (t) => {
  for (const section of [joined(publish), settle, create]) {
    t.equal(
      codeOf(() => validateSection(section)),
      null
    )
  }
})

t.test('a section that is cut or extended is refused with a code', async (t) => {
  for (const section of [joined(publish), settle, create]) {
    for (let length = 0; length < section.length; length++) {
      if (codeOf(() => validateSection(section.slice(0, length))) !== 'FRAME_INVALID') {
        t.fail('another error', { length })
      }
    }
    t.equal(
      codeOf(() => validateSection(joined([section, Uint8Array.of(0)]))),
      'FRAME_INVALID'
    )
  }
})

t.test('the last number of all is refused: no other could follow it', async (t) => {
  const section = { ...fixture.section(1, { queues: [1] }), first: true }
  for (const [number, code] of [
    [Number.MAX_SAFE_INTEGER, 'FRAME_INVALID'],
    [Number.MAX_SAFE_INTEGER - 1, null]
  ] as const) {
    const bytes = joined(encodePublishSection({ ...section, number }))
    t.equal(
      codeOf(() => validateSection(bytes)),
      code
    )
  }
})

t.test('versions that this build lacks are refused before they are proposed', async (t) => {
  const section = encodeCommandSection({ type: 'activate-version', version: 2 })
  t.equal(
    codeOf(() => validateSection(section)),
    'VERSION_UNSUPPORTED'
  )
  const machine = new ShardMachine()
  const data = encodeEntryBatch(1, [section])
  t.throws(() => machine.apply({ index: 1, term: 1 }, data), { name: 'AssertionError' })
})

t.test('an entry truncated at every byte changes nothing and answers nothing', async (t) => {
  const data = encodeEntryBatch(77, [create, publish, settle])
  for (let length = 0; length < data.length; length++) {
    const machine = new ShardMachine()
    const applied = machine.apply({ index: 1, term: 1 }, data.slice(0, length))
    t.same([applied.replies.length, applied.timeMs, machine.queues().length], [0, 0, 0])
  }
})

t.test('flipped bits lead to refusals, the same ones on each replica', async (t) => {
  const random = new Random(chooseSeed())
  t.comment(`seed ${random.seed}`)
  for (let round = 0; round < 4_000; round++) {
    const data = encodeEntryBatch(77, [create, publish, settle])
    for (let flips = 1 + random.below(3); flips > 0; flips--) {
      const at = random.below(data.length)
      data[at] = (data[at] ?? 0) ^ (1 << random.below(8))
    }
    const machines = [new ShardMachine(), new ShardMachine()]
    const results = machines.map((machine) => {
      const applied = machine.apply({ index: 1, term: 1 }, data)
      return [JSON.stringify(applied), machine.hash()]
    })
    if (`${results[0]}` !== `${results[1]}`) t.fail('replicas differ', { data: [...data] })
  }
})

t.test('what the leader accepts is not refused as malformed when it is applied', async (t) => {
  const random = new Random(chooseSeed())
  t.comment(`seed ${random.seed}`)
  let accepted = 0
  for (let round = 0; round < 6_000; round++) {
    const section = random.pick([joined(publish), settle, create]).slice()
    const at = random.below(section.length)
    section[at] = (section[at] ?? 0) ^ (1 << random.below(8))
    const code = codeOf(() => validateSection(section))
    if (code === null) {
      accepted++
      const machine = new ShardMachine()
      const { replies } = machine.apply({ index: 1, term: 1 }, encodeEntryBatch(1, [section]))
      const reply = replies[0]
      const isRefused = reply?.type === 'refused' && reply.code === 'FRAME_INVALID'
      if (reply === undefined) t.fail('no reply')
      if (isRefused) t.fail(`refused with a flip at ${at}`)
    } else if (!/^[A-Z_]+$/.test(code)) t.fail('not a coded error', { code })
  }
  t.ok(accepted > 100, `${accepted} were accepted`)
})

t.test('log time never goes back', async (t) => {
  const machine = new ShardMachine()
  const times = [5, 3, 9, 0].map(
    (timeMs, index) =>
      machine.apply({ index: index + 1, term: 1 }, encodeEntryBatch(timeMs, [])).timeMs
  )
  t.same(times, [5, 5, 9, 9])
  t.throws(() => machine.apply({ index: 4, term: 1 }, encodeEntryBatch(1, [])), {
    name: 'AssertionError'
  })
})

t.test('a section that another node sent is one publish, as long as it says', async (t) => {
  const section = joined(publish)
  t.equal(readSectionAlone(section).count, 3)
  for (let length = 0; length < section.length; length++) {
    t.equal(
      codeOf(() => readSectionAlone(section.subarray(0, length))),
      'FRAME_INVALID'
    )
  }
  for (const lie of [0, 1, section.length - 5, section.length - 3, 2 ** 31, 2 ** 32 - 1]) {
    const lying = section.slice()
    new DataView(lying.buffer).setUint32(0, lie)
    t.equal(
      codeOf(() => readSectionAlone(lying)),
      'FRAME_INVALID',
      `a length of ${lie}`
    )
  }
  t.equal(
    codeOf(() => readSectionAlone(settle)),
    'FRAME_INVALID',
    'a command is no publish'
  )
})
