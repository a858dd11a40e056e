// The plain model of the metadata agrees with the machine, and finds one that does otherwise.
import {
  encodeMetadataBatch,
  type MetadataCommand,
  MetadataMachine,
  type MetadataResult
} from '@holdfast/broker'
import t from 'tap'
import { MetadataComparison } from '../../src/checkers/metadata-comparison.ts'

const addresses = (node: number) => {
  const address = `host-${node}:1`
  return { client: address, peer: address, http: address }
}
const vhost = '/'
const options = {}
const initialise: MetadataCommand = {
  type: 'initialise',
  clusterId: 'c'.repeat(32),
  storeId: 's1',
  addresses: addresses(1),
  shards: 2
}
const declare = { type: 'declare-queue', vhost, name: 'q', options, group: 1 } as const
const bind = {
  type: 'bind',
  vhost,
  source: 'amq.direct',
  destination: { type: 'queue', name: 'q' },
  bindingKey: 'k',
  arguments: {}
} as const

const owner = { replica: 2 ** 20 + 1, process: 1024, connection: 3, client: 'me' }
const mine = { ...declare, name: 'mine', options: { exclusive: true }, owner } as const
const bindMine = { ...bind, destination: { type: 'queue', name: 'mine' } } as const

type Tamper = (results: readonly MetadataResult[]) => readonly MetadataResult[]

/** What is found when these are applied in order, and the last answer is tampered with. */
function findings(commands: readonly MetadataCommand[], tamper: Tamper = (same) => same): string[] {
  const found: string[] = []
  const comparison = new MetadataComparison((_check, detail) => void found.push(detail))
  const machine = new MetadataMachine()
  commands.forEach((command, at) => {
    const data = encodeMetadataBatch({ version: 1, timeMs: 0, commands: [command] })
    const { results } = machine.apply({ index: at + 1, term: 1 }, data)
    const isLast = at === commands.length - 1
    comparison.applied({
      index: at + 1,
      data,
      machine,
      results: isLast ? tamper(results) : results
    })
  })
  return found
}

t.test('the machine does what the model does', async (t) => {
  const queue = 2 * 4096
  t.same(
    findings([
      initialise,
      declare,
      declare,
      bind,
      bind,
      { type: 'add-node', storeId: 's2', addresses: addresses(2) },
      { type: 'add-node', storeId: 's2', addresses: addresses(2) },
      { type: 'adopt-incarnation', node: 2, storeId: 's3', addresses: addresses(2) },
      { type: 'acknowledge-outbox', groups: [{ group: 1, upTo: queue }] },
      { type: 'delete-queue', vhost, name: 'q', queue: queue + 1 },
      { type: 'delete-queue', vhost, name: 'q', queue },
      { type: 'delete-queue', vhost, name: 'q', queue: null },
      bind,
      declare,
      bind,
      { ...bind, type: 'unbind' },
      { type: 'declare-exchange', vhost, name: 'e', kind: 'topic', options },
      { ...bind, source: 'e' },
      { type: 'delete-exchange', vhost, name: 'e', ifUnused: false },
      mine,
      mine,
      { ...mine, owner: { ...owner, connection: 4 } },
      { ...declare, name: 'mine' },
      { ...mine, name: 'q' },
      bindMine,
      { ...bindMine, client: 'me' },
      { ...bindMine, type: 'unbind', client: 'you' },
      { type: 'delete-queue', vhost, name: 'mine', queue: null },
      { type: 'forget-node', node: 2 },
      { type: 'declare-vhost', vhost: 'v' },
      { type: 'delete-vhost', vhost: 'v' },
      { type: 'delete-vhost', vhost: 'v' }
    ]),
    []
  )
})

t.test('a command that must be refused and is not, is found', async (t) => {
  const reply = { type: 'queue-deleted', queue: 8192, group: 1, cursor: 3 * 4096 } as const
  const other = { type: 'delete-queue', vhost, name: 'q', queue: 1 } as const
  const [detail] = findings([initialise, declare, other], () => [{ reply }])
  t.match(detail, /delete-queue 12288 got .*, not null/)
})

t.test('who uses what is exclusive to another, and is not refused, is found', async (t) => {
  const reply = { type: 'queue', queue: 8192, group: 1, cursor: 8192, created: false } as const
  const other = { ...mine, owner: { ...owner, connection: 4 } }
  t.match(findings([initialise, mine, other], () => [{ reply }])[0], /declare-queue .* not null/)
  const bound = { type: 'declared', created: true } as const
  const done = () => [{ reply: bound }]
  t.match(findings([initialise, mine, bindMine], done)[0], /bind 12288 got .*, not null/)
})

t.test('another answer is found', async (t) => {
  const reply = { type: 'queue', queue: 7, group: 1, cursor: 7, created: true } as const
  t.match(findings([initialise, declare], () => [{ reply }])[0], /declare-queue 8192 got/)
})

t.test('what is said to be refused, and was done, is found', async (t) => {
  const error = { code: 'UNAVAILABLE', message: '', details: {}, retryable: true } as const
  const refused = (): MetadataResult[] => [{ error: error as never }]
  t.match(findings([initialise, declare], refused)[0], /1 queues and 0 bindings, not 0 and 0/)
  t.match(
    findings(
      [initialise, { type: 'add-node', storeId: 's2', addresses: addresses(2) }],
      refused
    )[0],
    /the nodes are 1.1,2.1, not 1.1/
  )
})
