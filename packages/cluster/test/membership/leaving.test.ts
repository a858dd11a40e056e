// A replica that was removed leaves its group, on the word of the leader only, and not at once.
import type { EntryId } from '@holdfast/raft'
import t from 'tap'
import type { Core } from '../../src/core.ts'
import { times } from '../../src/limits.ts'
import { leaveGroups } from '../../src/membership/leaving.ts'

interface Case {
  readonly isLeader?: boolean
  readonly placed?: readonly number[]
  readonly voters?: readonly number[]
  readonly outgoing?: readonly number[]
  readonly learners?: readonly number[]
  readonly lastId?: EntryId
  readonly reportTerm?: number
  readonly reportCommit?: number
  readonly heardMs?: number
  readonly isReported?: boolean
}

const self = 7

function leaves(parts: Case): boolean {
  const dropped: number[] = []
  const lastId = parts.lastId ?? { index: 50, term: 5 }
  const raft = { isLeader: parts.isLeader ?? false, term: 5, commitIndex: 50, lastId }
  const report = {
    term: parts.reportTerm ?? 5,
    commit: parts.reportCommit ?? 50,
    voters: parts.voters ?? [1, 2, 3],
    outgoing: parts.outgoing ?? [],
    learners: parts.learners ?? []
  }
  const heard = { report, atMs: parts.heardMs ?? times.dismissedMs }
  leaveGroups({
    groups: {
      selfReplica: self,
      all: () => [
        { id: 0, raft, heardMs: 0 },
        { id: 4, raft, heardMs: 0 }
      ],
      drop: (id: number, leader: unknown) => {
        dropped.push(id)
        t.equal(leader, report, 'on its word')
      }
    },
    metadata: { machine: { placement: { get: () => ({ replicas: parts.placed ?? [1, 2, 3] }) } } },
    reports: { heardFromLeader: () => (parts.isReported === false ? null : heard) }
  } as unknown as Core)
  t.notOk(dropped.includes(0), 'metadata is left by being removed from the cluster only')
  return dropped.includes(4)
}

t.test('it leaves when nobody names it and the leader was silent', async (t) => {
  t.ok(leaves({}))
  t.ok(leaves({ reportTerm: 6, reportCommit: 90 }))
  t.ok(leaves({ reportTerm: 6, lastId: { index: 70, term: 5 } }), 'what it has more is void')
})

t.test('it stays while anything may still name it', async (t) => {
  t.notOk(leaves({ isLeader: true }))
  t.notOk(leaves({ placed: [1, 2, self] }), 'metadata wishes for it')
  t.notOk(leaves({ voters: [1, 2, self] }))
  t.notOk(leaves({ outgoing: [1, 2, self] }), 'a change is under way')
  t.notOk(leaves({ learners: [self] }))
  t.notOk(leaves({ voters: [] }), 'a replica that knows nothing speaks')
  t.notOk(leaves({ reportTerm: 4 }), 'an old leader speaks')
  t.notOk(leaves({ lastId: { index: 51, term: 5 } }), 'the leader has written since')
  t.notOk(leaves({ reportCommit: 49 }), 'the leader is behind what is known here')
  t.notOk(leaves({ heardMs: times.dismissedMs - 1 }), 'the leader wrote to it just now')
  t.notOk(leaves({ isReported: false }))
})
