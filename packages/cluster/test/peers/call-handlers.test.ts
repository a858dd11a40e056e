// A change of members is a step from one configuration to the next: taken from any other, it can
// bring back a replica that has left.
import { bootstrapState, Raft } from '@holdfast/raft'
import t from 'tap'
import type { Core } from '../../src/core.ts'
import { answerCall } from '../../src/peers/call-handlers.ts'
import type { CallResult } from '../../src/peers/peer-message.ts'

const first = 1_048_577
const second = 2_097_153
const third = 3_145_729

/** The leader of a group of one voter that has committed its no-op. */
function leader(): Raft {
  const raft = new Raft(
    {
      id: first,
      electionTimeoutTicks: 20,
      heartbeatIntervalTicks: 2,
      appendBytesMax: 1_000_000,
      inflightRequestsMax: 16,
      inflightBytesMax: 4_000_000,
      uncommittedBytesMax: 32_000_000,
      broadcastCommit: false,
      random: () => 0
    },
    bootstrapState(first)
  )
  raft.campaign()
  persist(raft)
  return raft
}

function persist(raft: Raft): void {
  while (raft.hasReady) raft.persisted(raft.ready().number)
  raft.applied(raft.applicableIndex)
}

function reconfigure(
  raft: Raft,
  from: readonly number[],
  learners: readonly number[],
  leaderNode = 1
): CallResult {
  const metadata = { group: { leaderNode } }
  const core = { groups: { get: () => ({ raft }) }, metadata } as unknown as Core
  const results: CallResult[] = []
  const members = { from: { voters: [first], learners: from }, voters: [first], learners }
  answerCall(core, 1, { type: 'reconfigure', group: 1, ...members }, (result) => {
    results.push(result)
  })
  t.equal(results.length, 1, 'answered once')
  persist(raft)
  return results[0] ?? { type: 'done' }
}

t.test('a step is taken from the members for which it was chosen only', async (t) => {
  const raft = leader()
  t.match(reconfigure(raft, [], [second]), { type: 'done' })
  t.match(reconfigure(raft, [], [third]), { type: 'error', error: { code: 'UNAVAILABLE' } })
  t.same(raft.committedConfiguration.learners, [second], 'the late one changes nothing')
  t.match(reconfigure(raft, [second], [second, third]), { type: 'done' })
  t.same(raft.committedConfiguration.learners, [second, third])
})

t.test('members are changed by the metadata leader that this node follows', async (t) => {
  const raft = leader()
  t.match(reconfigure(raft, [], [second], 2), { type: 'error', error: { code: 'UNAVAILABLE' } })
  t.same(raft.committedConfiguration.learners, [])
})
