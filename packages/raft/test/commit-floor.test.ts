// A replica that left its group keeps term, vote and what it knew to be committed, and gives up its
// log. Back under the same id, it must not undo what it once acknowledged.
import t from 'tap'
import type { Message, Raft, SnapshotMeta } from '../src/index.ts'
import {
  append,
  command,
  configurationEntry,
  drain,
  heartbeat,
  ofType,
  start,
  startQuiet,
  stateOf,
  testConfig,
  three,
  voteRequest
} from './single-replica.ts'

/** Replica 1, which once knew four entries to be committed, in term 3; its log is blank. */
const left = stateOf([], three, { term: 3, commit: 4 })
const candidate = { index: 9, term: 3 }
const meta: SnapshotMeta = { id: candidate, configuration: three, manifest: new Uint8Array(1) }

function isGranted(raft: Raft, request: Partial<ReturnType<typeof voteRequest>>): boolean {
  raft.step({ ...voteRequest(raft.term + 1, candidate), ...request })
  const [answer] = ofType(drain(raft), 'vote-response')
  return answer?.granted ?? false
}

/** What it does when no leader is heard for long, and when it is told to campaign. */
function campaigns(raft: Raft): boolean {
  const said: Message[] = []
  for (let tick = 0; tick < 5 * testConfig.electionTimeoutTicks; tick++) {
    raft.tick()
    said.push(...drain(raft))
  }
  for (const act of [() => raft.hasten(), () => raft.campaign(), () => raft.leaderGone()]) {
    act()
    for (let tick = 0; tick < 5; tick++) raft.tick()
    said.push(...drain(raft))
  }
  raft.step(heartbeat(raft.term))
  raft.step({ type: 'timeout-now', from: 2, to: 1, term: raft.term })
  said.push(...drain(raft))
  return ofType(said, 'vote-request').length > 0
}

/** All of the log that it lacks, from the leader of term 3. */
function catchUp(raft: Raft, count = 5): readonly Message[] {
  const entries = [1, 2, 3, 4, 5].slice(0, count).map((index) => command(index, 3))
  return append(raft, { term: 3, previous: { index: 0, term: 0 }, entries, commit: 5 })
}

t.test('it votes for nobody who does not know as much to be committed', async (t) => {
  const raft = startQuiet(left)
  for (const pre of [true, false]) {
    t.notOk(isGranted(raft, { pre, commit: 3 }))
    t.notOk(isGranted(raft, { pre, commit: 3, transfer: true }))
  }
  t.ok(isGranted(raft, { pre: true, commit: 4 }), 'who has all that it once had')
  t.ok(isGranted(raft, { commit: 4 }))
})

t.test('it does not repeat a vote, nor give a second one in its term', async (t) => {
  const raft = startQuiet(stateOf([], three, { term: 3, vote: 2, commit: 4 }))
  const request = { term: 3, last: candidate }
  t.notOk(isGranted(raft, { ...request, commit: 3 }))
  t.notOk(isGranted(raft, { ...request, from: 3, commit: 4 }), 'another asks')
  t.ok(isGranted(raft, { ...request, commit: 4 }))
})

t.test('it does not campaign, and has nothing to lead', async (t) => {
  t.notOk(campaigns(start(left)))
  const raft = start(left)
  catchUp(raft, 3)
  t.notOk(campaigns(raft), 'with a part of what it had')
  t.equal(raft.commitIndex, 3)
})

t.test('it follows, and appends, and acknowledges what is durable', async (t) => {
  const raft = start(left)
  t.match(ofType(catchUp(raft), 'append-response'), [{ accepted: true, index: 5 }])
  t.match(ofType(append(raft, { term: 3, previous: candidate }), 'append-response'), [
    { accepted: false, index: 9 }
  ])
})

t.test('the floor ends when the commit index reaches it, by append', async (t) => {
  const raft = start(left)
  catchUp(raft)
  t.equal(raft.commitIndex, 5)
  t.ok(campaigns(raft))
  const voter = startQuiet(left)
  catchUp(voter)
  for (let tick = 0; tick < testConfig.electionTimeoutTicks; tick++) voter.tick()
  drain(voter)
  t.ok(isGranted(voter, { commit: 0 }))
})

t.test('the floor ends when the commit index reaches it, by snapshot', async (t) => {
  const raft = start(left)
  raft.step({ type: 'snapshot-request', from: 2, to: 1, term: 3, session: 5, snapshot: meta })
  drain(raft)
  t.ok(raft.beginInstall(meta))
  raft.installed(meta)
  t.equal(raft.commitIndex, 9)
  t.ok(campaigns(raft))
})

t.test('the floor survives every write and restart until it is reached', async (t) => {
  const raft = start(left)
  t.same(raft.hardState, { term: 3, vote: null, commit: 4 })
  raft.step({
    ...{ type: 'append-request', from: 2, to: 1, term: 5, session: 1, commit: 2 },
    ...{ previous: { index: 0, term: 0 }, entries: [command(1, 3), command(2, 3)] }
  })
  const ready = raft.ready()
  t.same(ready.hardState, { term: 5, vote: null, commit: 4 })
  t.equal(ready.commitFloor, 4, 'whoever writes it in parts keeps to it')
  const again = start(stateOf([3, 3], three, { term: 5, commit: 4 }))
  t.equal(again.commitIndex, 0)
  t.notOk(campaigns(again))
  const whole = start(stateOf([3, 3, 3, 3], three, { term: 5, commit: 4 }))
  t.equal(whole.commitIndex, 4)
  t.equal(whole.ready().commitFloor, 0)
  t.ok(campaigns(whole))
})

t.test('an old configuration in the log does not make it a leader', async (t) => {
  // It was the only voter when the group began; others have gone on for long.
  const blank = { ...left, configuration: stateOf([], three).configuration }
  const raft = start({ ...blank, configuration: { voters: [], outgoing: [], learners: [] } })
  const entries = [configurationEntry(1, 1, [1]), command(2, 1)]
  append(raft, { term: 3, previous: { index: 0, term: 0 }, entries, commit: 2 })
  t.same(raft.configuration.voters, [1])
  t.notOk(campaigns(raft))
  t.equal(raft.role, 'follower')
})

t.test('a stale candidate gets no quorum by it', async (t) => {
  // Of 1, 2 and 3, entries 2 to 4 are on 1 and 3. Then 3 alone is the group, and 1 leaves. Replica
  // 2 has heard of none of that.
  const stale = startQuiet(stateOf([1], three, { term: 2, commit: 1 }), { id: 2 })
  const back = startQuiet(left)
  stale.campaign()
  const asks = (message: Message): boolean => message.to === 1
  for (let round = 0; round < 4; round++) {
    for (const message of drain(stale).filter(asks)) back.step(message)
    for (const message of drain(back)) if (message.to === 2) stale.step(message)
    for (let tick = 0; tick < 2 * testConfig.electionTimeoutTicks; tick++) stale.tick()
  }
  t.not(stale.role, 'leader')
})
