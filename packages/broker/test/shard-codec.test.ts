// Commands survive their encoding, and malformed ones are refused field by field.
import { pack } from '@holdfast/record'
import t from 'tap'
import { encodeCommandSection, type ShardCommand } from '../src/index.ts'
import { decodeCommandSection } from '../src/shard-codec.ts'

const consumer = { session: '00ff', tag: 'a/b ñ' }
const commands: readonly ShardCommand[] = [
  {
    type: 'topology',
    upTo: 2 ** 50,
    changes: [
      { type: 'create-queue', cursor: 4096, queue: 2 ** 40, vhost: '/', name: 'é' },
      { type: 'delete-queue', cursor: 4097, queue: 1 },
      {
        type: 'create-queue',
        cursor: 4098,
        queue: 3,
        vhost: '/',
        name: 'brief',
        settings: {
          autoDelete: true,
          messageTtlMs: 0,
          expiresMs: 2 ** 32 - 1,
          singleActive: false,
          deadLetter: { exchange: '', routingKey: null },
          lengthLimit: null,
          deliveryLimit: null,
          maxPriority: 0
        }
      }
    ]
  },
  { type: 'topology', upTo: 0, changes: [] },
  { type: 'purge-queue', queue: 1, keep: [1, 2, 9, 9] },
  { type: 'reserve-messages', queue: 1, mark: 2 ** 40, take: [1, 2], free: [9, 9] },
  {
    type: 'attach-consumer',
    queue: 1,
    consumer,
    prefetch: 65_535,
    autoAck: true,
    exclusive: false,
    priority: -(2 ** 31)
  },
  { type: 'use-queue', queue: 2 ** 40 },
  { type: 'remove-dead-letters', queue: 1, numbers: [1, 1, 4, 2 ** 52] },
  { type: 'expire-messages', queues: [{ queue: 2 ** 40, ranges: [1, 9, 2 ** 45, 2 ** 45] }] },
  { type: 'detach-consumer', queue: 1, consumer, release: [1, 5, 0, 7, 7, 2] },
  { type: 'detach-session', session: '0a', releases: [{ queue: 3, ranges: [1, 1, 0] }] },
  { type: 'settle', queue: 2 ** 45, consumer, outcome: 'accepted', ranges: [] },
  { type: 'settle', queue: 1, consumer, outcome: 'released', ranges: [1, 2 ** 52, 2 ** 32] },
  { type: 'settle', queue: 1, consumer, outcome: 'unseen', ranges: [4, 5, 6] },
  { type: 'settle', queue: 1, consumer, outcome: 'rejected', ranges: [1, 1, 0, 2, 3, 4] },
  {
    type: 'advance-marks',
    marks: [
      { queue: 1, mark: 0 },
      { queue: 2, mark: 2 ** 40 }
    ]
  },
  { type: 'return-unclaimed', queue: 1, claimed: [5, 6] },
  { type: 'delete-queue-if', queue: 1, ifUnused: true, ifEmpty: false, held: [3, 7] },
  { type: 'tick' },
  { type: 'activate-version', version: 1 }
]

t.test('every command survives its encoding', async (t) => {
  for (const command of commands) {
    const section = encodeCommandSection(command)
    t.same(decodeCommandSection(section, 0), command, command.type)
    const shifted = new Uint8Array([9, 9, ...section])
    t.same(decodeCommandSection(shifted, 2), command, 'behind other bytes')
  }
})

function sectionOf(value: unknown): Uint8Array {
  const packed = pack(value)
  const section = new Uint8Array([0, 0, 0, 0, 2, ...packed])
  new DataView(section.buffer).setUint32(0, packed.length + 1)
  return section
}

t.test('malformed commands are refused', async (t) => {
  const malformed: readonly unknown[] = [
    null,
    {},
    [],
    [0],
    [11],
    ['tick'],
    [9, 1],
    [1],
    [1, 5, 7],
    [1, 5, [[1, 6, 1, '/', 'q']]],
    [
      1,
      5,
      [
        [1, 2, 1, '/', 'q'],
        [2, 2, 1]
      ]
    ],
    [1, 5, [[3, 2, 1]]],
    [1, 5, [[1, 2, 0, '/', 'q']]],
    [1, 5, [[1, 2, 1, '/', 'q', 0]]],
    [1, 5, [[1, 2, 1, '/', 'q'.repeat(256)]]],
    [2, 0, []],
    [2, 1, [1]],
    [2, 1, [2, 1]],
    [2, 1, [0, 1]],
    [2, 1, [1.5, 2]],
    [2, 1, ['1', 2]],
    [2, 1.5, []],
    [2, -1, []],
    [2, 1, 'x'],
    [3, 1, '0a', 'c', 65_536, true, false],
    [3, 1, '0a', 'c', 1, 1, false],
    [3, 1, 'xyz', 'c', 1, true, false],
    [3, 1, '', 'c', 1, true, false],
    [3, 1, 7, 'c', 1, true, false],
    [4, 1, '0a', 'c', [1, 2]],
    [5, '0a', [[1, [1, 2]]]],
    [5, '0a', [7]],
    [6, [[1, -1]]],
    [8, 1, true],
    [10, 0]
  ]
  for (const value of malformed) {
    const section = sectionOf(value)
    t.throws(
      () => decodeCommandSection(section, 0),
      { code: 'FRAME_INVALID' },
      JSON.stringify(value)
    )
  }
})

t.test('malformed settlements are refused', async (t) => {
  const good = encodeCommandSection({
    type: 'settle',
    queue: 1,
    consumer: { session: '0a', tag: 'c' },
    outcome: 'accepted',
    ranges: [1, 2, 0]
  })
  const patched = (position: number, ...bytes: number[]): Uint8Array => {
    const section = good.slice()
    section.set(bytes, position)
    return section
  }
  const outcomeAt = 5 + 8 + 4 + 3
  const cases = [
    patched(4, 9),
    patched(5, 0x7f, 0xf8),
    patched(15, 0x2f),
    patched(outcomeAt, 4),
    patched(outcomeAt + 1, 0xff, 0xff, 0xff, 0xff),
    patched(outcomeAt + 4, 0),
    patched(outcomeAt + 5, 0xbf)
  ]
  for (const section of cases) {
    t.throws(() => decodeCommandSection(section, 0), { code: 'FRAME_INVALID' })
  }
})
