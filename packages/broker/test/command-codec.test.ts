// Commands and batches as bytes: round trip, cut at every byte, every bit flipped. Whatever comes
// in, the answer is a command or a coded error.
import { HoldfastError } from '@holdfast/errors'
import { pack } from '@holdfast/record'
import t from 'tap'
import { checkMetadataCommand } from '../src/command-check.ts'
import { unpackMetadataBatch } from '../src/command-codec.ts'
import {
  decodeMetadataCommand,
  encodeMetadataBatch,
  encodeMetadataCommand,
  guest,
  type MetadataCommand,
  packMetadataBatch,
  readMetadataCommand
} from '../src/index.ts'
import {
  addresses,
  bindQueue,
  createMachine,
  exchange,
  exclusive,
  initialise,
  queue,
  unbind
} from './metadata-fixture.ts'

const progress = { id: 1, node: null, step: 's', done: 1, total: 2, sentence: 'x' }
const bind = bindQueue('x', 'q', 'k', { a: [1, null, { b: 0.5 }], bin: new Uint8Array([1, 2]) })

/** One of each type. */
const commands: readonly MetadataCommand[] = [
  initialise,
  { type: 'add-node', storeId: 's', addresses },
  { type: 'adopt-incarnation', node: 1, storeId: 's', addresses },
  { type: 'update-node', node: 1, addresses },
  { type: 'set-node-state', node: 1, state: 'damaged' },
  { type: 'forget-node', node: 1 },
  { type: 'add-shards', placements: [[1, 2], [3]] },
  { type: 'place-group', group: 1, replicas: [2 ** 40] },
  { type: 'start-operation', kind: 'add-node', peer: 'p', node: null },
  { type: 'advance-operation', ...progress },
  { type: 'end-operation', id: 2 ** 50, error: { code: 'c', message: 'm' } },
  { type: 'end-operation', id: 1, error: null },
  { type: 'declare-vhost', vhost: 'ü' },
  { type: 'delete-vhost', vhost: '' },
  exchange('x', 'topic', { internal: true }),
  { type: 'delete-exchange', vhost: '/', name: 'x', ifUnused: true },
  bind,
  unbind(bind),
  queue('q'),
  exclusive('q', { replica: 2 ** 40, process: 2 ** 30, connection: 1, client: 'c' }),
  { ...bind, client: 'c' },
  { type: 'delete-queue', vhost: '/', name: 'q', queue: 4096 },
  {
    type: 'initialise',
    clusterId: 'c',
    storeId: 's',
    addresses,
    shards: 1,
    owner: { user: 'u', password: guest.password }
  },
  { type: 'put-user', user: 'u', password: guest.password, tags: ['administrator'] },
  { type: 'put-user', user: 'u', password: null, tags: [] },
  { type: 'delete-user', user: 'u' },
  { type: 'set-user-limit', user: 'u', limit: 'max-connections', value: 7 },
  { type: 'set-permission', user: 'u', vhost: '/', configure: '', write: '^a', read: '.*' },
  { type: 'clear-permission', user: 'u', vhost: '/' },
  { type: 'set-topic-permission', user: 'u', vhost: '/', exchange: 'x', write: '', read: '' },
  { type: 'clear-topic-permission', user: 'u', vhost: '/', exchange: null },
  { type: 'put-vhost', vhost: 'v', description: 'd', owner: 'u' },
  { type: 'set-vhost-limit', vhost: 'v', limit: 'max-queues', value: null },
  { type: 'acknowledge-outbox', groups: [{ group: 1, upTo: 5 }] },
  { type: 'activate-version', version: 1 }
]

/** Everything but a coded error is passed on. */
function attempt(action: () => unknown): void {
  try {
    action()
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
  }
}

for (const command of commands) {
  t.test(`${command.type} makes the round trip`, async (t) => {
    const bytes = encodeMetadataCommand(command)
    t.same(decodeMetadataCommand(bytes), command)
    for (let length = 0; length < bytes.length; length++) {
      t.throws(() => decodeMetadataCommand(bytes.subarray(0, length)), { name: 'HoldfastError' })
    }
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      attempt(() => checkMetadataCommand(decodeMetadataCommand(flipped)))
    }
  })

  t.test(
    `${command.type} is refused without a field, with a wrong one, with one more`,
    async (t) => {
      const wrong = { code: 'REQUEST_INVALID' }
      for (const name of Object.keys(command)) {
        const { [name]: _, ...rest } = command as unknown as Record<string, unknown>
        const isOptional = name === 'client' || (name === 'owner' && command.type !== 'put-vhost')
        if (isOptional) readMetadataCommand(rest)
        else t.throws(() => readMetadataCommand(rest), wrong)
        t.throws(() => readMetadataCommand({ ...command, [name]: -1 }), wrong)
        t.throws(() => readMetadataCommand({ ...command, [name]: undefined }), wrong)
      }
      t.throws(() => readMetadataCommand({ ...command, more: 1 }), wrong)
    }
  )
}

t.test('a batch makes the round trip', async (t) => {
  const data = encodeMetadataBatch({ version: 1, timeMs: 2 ** 41, commands })
  const batch = unpackMetadataBatch(data)
  t.equal(batch.timeMs, 2 ** 41)
  t.same(batch.commands.map(decodeMetadataCommand), commands)
  const sent = commands.map(encodeMetadataCommand)
  t.same(packMetadataBatch(2 ** 41, sent), data, 'encoded commands go in as they are')
})

t.test('a damaged batch is refused, or answered', async (t) => {
  const batch = {
    version: 1,
    timeMs: 1000,
    commands: [queue('q'), exchange('x'), bind, queue('r')]
  }
  const data = encodeMetadataBatch(batch)
  const meta = { index: 2, term: 1 }
  for (let length = 0; length < data.length; length++) {
    t.throws(() => createMachine().apply(meta, data.subarray(0, length)), { name: 'HoldfastError' })
  }
  for (let bit = 0; bit < data.length * 8; bit++) {
    const flipped = data.slice()
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    attempt(() => createMachine().apply(meta, flipped))
  }
})

t.test('what is no batch is refused', async (t) => {
  const invalid = { code: 'FRAME_INVALID' }
  for (const value of [
    null,
    {},
    [],
    [1, 0],
    [1, 0, {}],
    [1, 0, [1]],
    [1, -1, []],
    [1, 0.5, []],
    [1, '0', []]
  ]) {
    t.throws(() => unpackMetadataBatch(pack(value)), invalid)
  }
  t.throws(() => unpackMetadataBatch(pack([2, 0, []])), { code: 'VERSION_UNSUPPORTED' })
  t.throws(() => unpackMetadataBatch(pack([{}, 0, []])), { code: 'VERSION_UNSUPPORTED' })
  t.throws(() => unpackMetadataBatch(pack(['x'.repeat(9), 0, []])), { code: 'VERSION_UNSUPPORTED' })
})

t.test('a batch has at most 4096 commands, of this version', async (t) => {
  const many = new Array(4097).fill(queue('q'))
  t.throws(() => encodeMetadataBatch({ version: 1, timeMs: 0, commands: many }), {
    code: 'REQUEST_INVALID'
  })
  t.throws(() => encodeMetadataBatch({ version: 2, timeMs: 0, commands: [] }), {
    code: 'REQUEST_INVALID'
  })
  const commandBytes = new Array(4097).fill(encodeMetadataCommand(queue('q')))
  t.throws(() => unpackMetadataBatch(pack([1, 0, commandBytes])), { code: 'FRAME_INVALID' })
})

t.test('shapes that only look right are refused', async (t) => {
  const wrong = { code: 'REQUEST_INVALID' }
  const bad: readonly unknown[] = [
    null,
    'declare-vhost',
    ['declare-vhost'],
    { type: 1 },
    { ...queue('q'), group: 1.5 },
    { ...queue('q'), group: 2 ** 53 },
    { ...queue('q'), options: [] },
    { ...queue('q'), options: new Uint8Array() },
    { ...bind, destination: { type: 'topic', name: 'q' } },
    { ...bind, destination: { type: 'queue' } },
    { type: 'add-node', storeId: 'x'.repeat(256), addresses },
    { type: 'add-node', storeId: '\ud800', addresses },
    { type: 'place-group', group: 1, replicas: new Array(17).fill(1) },
    { type: 'place-group', group: 1, replicas: ['1'] },
    { type: 'set-node-state', node: 1, state: 'down' }
  ]
  for (const value of bad) t.throws(() => readMetadataCommand(value), wrong)
  t.throws(() => readMetadataCommand({ type: 'constructor' }), { code: 'OPERATION_UNKNOWN' })
  t.throws(() => readMetadataCommand({ type: '__proto__' }), { code: 'OPERATION_UNKNOWN' })
})
