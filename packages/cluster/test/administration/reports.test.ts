// What nodes tell each other of their groups: the highest term wins, unless who told it takes it
// back.
import t from 'tap'
import { Reports } from '../../src/administration/reports.ts'
import { Clock } from '../../src/clock.ts'
import { GroupCommit } from '../../src/consensus/group-commit.ts'
import type { Core } from '../../src/core.ts'
import type { Output } from '../../src/output.ts'
import type { GroupReport } from '../../src/peers/peer-message.ts'
import { Peers } from '../../src/peers/peers.ts'

function report(term: number, leader: number | null, caughtUp: number[] | null): GroupReport {
  const members = { voters: [1, 2, 3], outgoing: [], learners: [] }
  return { group: 7, leader, term, commit: 9, applied: 9, caughtUp, ...members }
}

interface Parts {
  readonly outputs: Output[]
  readonly commit: GroupCommit
  readonly peers: Peers
  readonly reports: Reports
}

/** Node 1 of two, with a link to node 2 and no group of its own. */
function nodeOne(): Parts {
  const outputs: Output[] = []
  const core = {
    outputs,
    clock: new Clock(),
    identity: { clusterId: 'c', node: 1, incarnation: 1 },
    groups: { all: () => [], get: () => undefined },
    metadata: { machine: { membership: { nodes: [{ node: 1 }, { node: 2 }] } } }
  } as unknown as Core
  const commit = new GroupCommit(core, 0)
  const peers = new Peers(core)
  const reports = new Reports(core)
  Object.assign(core, { commit, peers })
  for (const lane of ['raft', 'gateway'] as const) {
    const hello = { node: 2, incarnation: 1, peer: 'b' } as never
    const link = { link: lane.length, lane, direction: 'out', hello, address: 'b' } as const
    peers.up({ type: 'peer-up', ...link })
  }
  return { outputs, commit, peers, reports }
}

t.test('the highest term wins, and within a term the leader itself', async (t) => {
  const { reports } = nodeOne()
  reports.received(2, [report(3, 2, [1, 2])])
  reports.received(3, [report(3, null, null)])
  t.same(reports.leadership(7), { leader: 2, term: 3 })
  reports.received(3, [report(4, null, null)])
  t.same(reports.leadership(7), { leader: null, term: 4 })
})

t.test('a node that lost a term with its disk takes it back', async (t) => {
  const { reports } = nodeOne()
  reports.received(3, [report(4, null, null)])
  reports.received(3, [report(3, 2, null)])
  t.same(reports.leadership(7), { leader: 2, term: 3 })
  reports.received(3, [])
  t.same(reports.leadership(7), { leader: null, term: 0 }, 'it has no replica any more')
})

t.test('a report leaves when all that it may tell of is durable', async (t) => {
  const { commit, outputs, peers, reports } = nodeOne()
  const hardState = { term: 4, vote: 1, commit: 0 }
  const record = commit.addGroup(7, { hardState, truncateFrom: null, entries: [] }, true)
  reports.changed()
  reports.flush()
  peers.flush()
  t.match(outputs, [{ type: 'peer-send', node: 2, after: record }])
})
