// A leader that has forgotten something is not at rest.
import t from 'tap'
import { leftBehind, notAtRest } from '../../src/checkers/at-rest.ts'

const configuration = { voters: [1, 2], outgoing: [] as number[], learners: [] }
const progress = {
  replica: 2,
  match: 9,
  next: 10,
  state: 'replicate' as 'replicate' | 'probe',
  recentlyActive: true,
  isVoter: true,
  isRegressed: false,
  offeredSnapshotIndex: null
}
const leader: Parameters<typeof notAtRest>[0] = {
  id: 1,
  isLeader: true,
  uncommittedBytes: 0,
  commitIndex: 9,
  lastId: { index: 9, term: 2 },
  configuration,
  progress: () => [progress]
}

t.test('whoever has nothing left to do is at rest', async (t) => {
  t.equal(notAtRest(leader), null)
  t.equal(notAtRest({ ...leader, isLeader: false, commitIndex: 3 }), null)
})

t.test('what is not committed, not counted off, not replicated, not changed is left', async (t) => {
  t.equal(notAtRest({ ...leader, commitIndex: 8 }), '9 is not committed')
  t.equal(notAtRest({ ...leader, uncommittedBytes: 7 }), '7 bytes count as uncommitted')
  const joint = { ...configuration, outgoing: [1] }
  t.equal(notAtRest({ ...leader, configuration: joint }), 'a change of members is under way')
  t.equal(notAtRest({ ...leader, id: 3 }), 'it leads, and is no voter')
  const lagging = { ...progress, match: 8 }
  t.equal(notAtRest({ ...leader, progress: () => [lagging] }), 'replica 2 has 8 of 9: replicate')
  const probed = { ...progress, state: 'probe' as const }
  t.equal(notAtRest({ ...leader, progress: () => [probed] }), 'replica 2 has 9 of 9: probe')
})

t.test('who was removed and is still there is found', async (t) => {
  const follower = { ...leader, id: 2, isLeader: false }
  t.equal(leftBehind([leader, follower]), null)
  t.equal(leftBehind([follower, { ...follower, id: 3 }]), null, 'nobody leads')
  t.equal(leftBehind([leader, follower, { ...follower, id: 3 }]), 3)
})
