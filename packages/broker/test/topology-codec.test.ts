// Rows of a snapshot: what is not a row of the topology or of the state is refused by an assertion.
import t from 'tap'
import { readStateRow, stateRows } from '../src/state-codec.ts'
import { Topology } from '../src/topology.ts'
import { readTopologyRow, topologyRow } from '../src/topology-codec.ts'
import { machineVersionSupported } from '../src/version.ts'
import { createMachine } from './metadata-fixture.ts'

const refused = { name: /AssertionError|HoldfastError/ }

const rows: readonly (readonly unknown[])[] = [
  [0, 'v'],
  [1, 'v', 'x', 'topic', true, false, 'other', true],
  [1, 'v', 'y', 'headers', false, true, null, false],
  [2, 'v', 'q', 4096, 3, true, false, null, null],
  [2, 'v', 'mine', 4097, 3, false, true, null, [1048577, 7, 2, 'me']],
  [3, 'v', 'x', true, 'q', 4097, 'a.#', null],
  [3, 'v', 'y', false, 'x', 4098, '', { a: 1 }]
]

t.test('rows of the topology make the round trip', async (t) => {
  const topology = new Topology()
  for (const row of rows) readTopologyRow(topology, row)
  t.same([...topology.pages.rows()].map(topologyRow), rows)
  t.same({ ...topology.counts }, { vhosts: 1, exchanges: 2, queues: 2, bindings: 2 })
})

t.test('a row that lacks a part or what it refers to is refused', async (t) => {
  for (const [index, row] of rows.entries()) {
    const topology = new Topology()
    for (const before of rows.slice(0, index)) readTopologyRow(topology, before)
    for (let length = 0; length < row.length; length++) {
      const cut = row.slice(0, length)
      const isWhole = row[0] === 1 && length >= 6
      if (!isWhole) t.throws(() => readTopologyRow(new Topology(), cut), refused)
    }
    if (index > 0) t.throws(() => readTopologyRow(new Topology(), row), refused)
    readTopologyRow(topology, row)
    t.throws(() => readTopologyRow(topology, row), refused, 'twice')
  }
  for (const bad of [null, {}, 'x', [4], ['0', 'v']]) {
    t.throws(() => readTopologyRow(new Topology(), bad), refused)
  }
})

t.test('the first row of the state holds the facts', async (t) => {
  const machine = createMachine()
  const { topology, access, membership, placement, operations, outbox } = machine
  const facts = { clusterId: 'c', version: machineVersionSupported }
  const parts = { facts, topology, access, membership, placement, operations, outbox }
  const numbers = { timeMs: 7, appliedIndex: 1, freedIndex: 0, nextBlob: 1 }
  const [first, ...others] = stateRows({ ...parts, ...numbers })
  t.same(first, ['facts', 'c', machineVersionSupported, 7, 1, 2])
  t.same(
    others.map(([kind]) => kind),
    ['node', ...new Array(5).fill('placement'), 'user', 'permission']
  )
  for (const bad of [
    null,
    [],
    ['fact'],
    ['facts', 1],
    ['node'],
    ['node', []],
    ['outbox'],
    ['placement'],
    ['user', 'u', 1, null, []],
    ['user', 'u', 0, null, [], []],
    ['user', 'u', 1, 7, [], []],
    ['permission', 'nobody', '/', '', '', ''],
    ['permission', 'guest', '/', '', ''],
    ['topic', 'guest', '/', 'x', 1, 2],
    ['vhost', '/', '', [['max-queues']]]
  ]) {
    t.throws(() => readStateRow({ ...parts, ...numbers }, bad), refused)
  }
})
