// One Raft group and what it asks the node's store for: a term or a vote is a promise, and is
// written though nothing else is.
import { blankState, Raft } from '@holdfast/raft'
import t from 'tap'
import { Clock } from '../../src/clock.ts'
import { Group } from '../../src/consensus/group.ts'
import { GroupCommit } from '../../src/consensus/group-commit.ts'
import type { Core } from '../../src/core.ts'
import { Counters } from '../../src/counters.ts'
import type { Output } from '../../src/output.ts'

const config = {
  id: 1_048_577,
  electionTimeoutTicks: 20,
  heartbeatIntervalTicks: 2,
  appendBytesMax: 1_000_000,
  inflightRequestsMax: 16,
  inflightBytesMax: 4_000_000,
  uncommittedBytesMax: 32_000_000,
  broadcastCommit: false,
  random: () => 0.5
}

t.test('a higher term alone is written at once, and told to Raft when it is durable', async (t) => {
  const outputs: Output[] = []
  const parts = { outputs, counters: new Counters(), clock: new Clock() }
  const core = parts as unknown as Core & { commit: GroupCommit }
  Object.assign(core, { commit: new GroupCommit(core, 0) })
  const raft = new Raft(config, blankState())
  const host = { timeMs: 0, encode: () => new Uint8Array(0), sizeOf: () => 0, apply: () => [] }
  const group = new Group(core, 1, raft, host)
  const { id: to } = config
  group.step({ type: 'vote-response', from: to + 1, to, term: 7, pre: false, granted: false })
  group.work()
  core.commit.flush()
  t.match(outputs, [{ type: 'write', record: { groups: [{ hardState: { term: 7 } }] } }])
  core.commit.written(1)
  t.equal(raft.term, 7)
  t.equal(core.commit.barrier, null)
})
