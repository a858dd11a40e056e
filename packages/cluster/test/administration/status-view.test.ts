// What an operator is shown of a group while one of its nodes has lost its disk.
import t from 'tap'
import { clusterStatus } from '../../src/administration/status-view.ts'
import { replicaOf } from '../../src/consensus/replica-id.ts'
import { coreWith } from '../part-core.ts'

interface Shown {
  readonly voters: readonly number[]
  readonly learners: readonly number[]
}

/** What a node that leads group 5 says when replica 2 refuses what it had acknowledged, or not. */
function warningsOf(isRegressed: boolean): readonly string[] {
  const raft = { isLeader: true, progress: () => [{ replica: replicaOf(2, 1), isRegressed }] }
  const core = coreWith({
    groups: { all: () => [{ id: 5, raft, haltedReason: 'not asked' }], selfReplica: 1 },
    metadata: { machine: { membership: { nodes: [] }, placement: { placements: [] } } }
  })
  return clusterStatus(core).warnings
}

t.test('a node that lost what it had acknowledged is an alarm', async (t) => {
  t.same(warningsOf(false), [])
  t.match(warningsOf(true), [/^Node 2 has lost entries of group 5 that it had acknowledged/])
})

/** Group 5 as its leader reports it, where node 3 has the given incarnation. */
function show(
  incarnation: number,
  report: { voters: number[]; outgoing: number[]; learners: number[] }
): Shown | undefined {
  const nodes = [1, 2, 3].map((node) => {
    return { node, incarnation: node === 3 ? incarnation : 1, state: 'active', addresses: {} }
  })
  const membership = { nodes, node: (id: number) => nodes.find(({ node }) => node === id) }
  const placement = { placements: [{ group: 5 }] }
  const core = coreWith({
    groups: { all: () => [], get: () => undefined },
    metadata: { machine: { membership, placement } },
    membership: { isUp: () => true },
    lease: { isValid: true },
    reports: { report: () => ({ group: 5, leader: 1, term: 3, commit: 9, applied: 9, ...report }) }
  })
  return clusterStatus(core).groups[0]
}

const voters = [replicaOf(1, 1), replicaOf(2, 1), replicaOf(3, 1)]

t.test('a replica whose disk was wiped is shown as a voter no more', async (t) => {
  t.same(show(1, { voters, outgoing: [], learners: [] })?.voters, [1, 2, 3])
  t.same(show(2, { voters, outgoing: [], learners: [] })?.voters, [1, 2])
})

t.test('its next incarnation is a learner, and a voter once it is named as one', async (t) => {
  const fresh = replicaOf(3, 2)
  const learning = show(2, { voters, outgoing: [], learners: [fresh] })
  t.same(learning?.voters, [1, 2])
  t.same(learning?.learners, [3])
  const [first = 0, other = 0] = voters
  const joint = show(2, { voters: [first, other, fresh], outgoing: voters, learners: [] })
  t.same(joint?.voters, [1, 2, 3], 'once, though two of its replicas are named')
})
