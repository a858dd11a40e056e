// Flow control, loads and lost links, seen from the leader.
import t from 'tap'
import type { AppendRequest, Message, Raft, SnapshotMeta } from '../src/index.ts'
import { accept, command, drain, elect, start, stateOf, voters } from './single-replica.ts'

const pair = voters(1, 2)

function appends(messages: readonly Message[]): readonly AppendRequest[] {
  return messages.filter((message) => message.type === 'append-request')
}

/** A leader whose follower has everything up to the no-op. */
function leader(config: Parameters<typeof start>[1] = {}, terms = [1]): Raft {
  const raft = start(stateOf(terms, pair), { broadcastCommit: false, ...config })
  elect(raft, [2])
  const noop = terms.length + 1
  accept(raft, 2, noop, noop)
  drain(raft)
  return raft
}

function propose(raft: Raft, sizes: readonly number[]): void {
  for (const size of sizes) raft.propose(new Uint8Array(size))
}

t.test('what is proposed before a ready travels in one request', async (t) => {
  const raft = leader()
  propose(raft, [1, 2, 3])
  const sent = appends(drain(raft))
  t.equal(sent.length, 1)
  t.same(
    sent[0]?.entries.map(({ data }) => data.byteLength),
    [1, 2, 3]
  )
})

t.test('no more requests than allowed are in flight, until one is answered', async (t) => {
  const raft = leader({ inflightRequestsMax: 2, appendBytesMax: 1 })
  propose(raft, [1, 1, 1, 1])
  t.equal(appends(drain(raft)).length, 2)
  accept(raft, 2, 3, 2)
  t.equal(appends(drain(raft)).length, 1)
})

t.test('no more bytes than allowed are in flight, but a larger entry goes alone', async (t) => {
  const raft = leader({ inflightBytesMax: 10, appendBytesMax: 100 })
  propose(raft, [6, 6, 50, 1])
  t.same(sizes(drain(raft)), [[6]])
  accept(raft, 2, 3, 2)
  t.same(sizes(drain(raft)), [[6]])
  accept(raft, 2, 4, 2)
  t.same(sizes(drain(raft)), [[50]])
  accept(raft, 2, 5, 2)
  t.same(sizes(drain(raft)), [[1]])
})

function sizes(messages: readonly Message[]): readonly (readonly number[])[] {
  return appends(messages).map(({ entries }) => entries.map(({ data }) => data.byteLength))
}

t.test('an answer to a heartbeat makes a leader ask what became of a request', async (t) => {
  const raft = leader()
  propose(raft, [1])
  drain(raft)
  raft.step({ type: 'heartbeat-response', from: 2, to: 1, term: 2, round: 0 })
  t.match(appends(drain(raft)), [{ previous: { index: 3, term: 2 }, entries: [] }])
  const refusal = { type: 'append-response', from: 2, to: 1, term: 2, session: 2 } as const
  raft.step({ ...refusal, accepted: false, index: 3, hint: { index: 2, term: 2 } })
  t.match(appends(drain(raft)), [{ previous: { index: 2 }, entries: [{ index: 3 }] }])
})

t.test('after a lost link it starts from what is known, one request at a time', async (t) => {
  const raft = leader({ appendBytesMax: 1 })
  propose(raft, [1, 1, 1])
  drain(raft)
  raft.reportUnreachable(2)
  t.match(appends(drain(raft)), [{ previous: { index: 2 }, entries: [{ index: 3 }] }])
  t.same(appends(drain(raft)), [])
  accept(raft, 2, 3, 2)
  t.match(appends(drain(raft)), [{ entries: [{ index: 4 }] }, { entries: [{ index: 5 }] }])
})

t.test('stale refusals change nothing', async (t) => {
  const raft = leader()
  propose(raft, [1])
  drain(raft)
  accept(raft, 2, 3, 2)
  const refusal = { type: 'append-response', from: 2, to: 1, term: 2, accepted: false } as const
  raft.step({ ...refusal, session: 2, index: 1, hint: { index: 0, term: 0 } })
  raft.step({ ...refusal, session: 1, index: 9, hint: { index: 0, term: 0 } })
  t.same(appends(drain(raft)), [])
  t.match(raft.progress()[1], { match: 3, next: 4, state: 'replicate' })
})

t.test('an answer beyond the log, or of another session, does not count', async (t) => {
  const raft = leader()
  accept(raft, 2, 99, 2)
  propose(raft, [1])
  drain(raft)
  accept(raft, 2, 3, 1)
  t.match(raft.progress()[1], { match: 2 })
  t.equal(raft.commitIndex, 2)
})

/** A leader that has forgotten the bodies of entries 1 to 5, with a follower that has the first. */
function forgetful(): Raft {
  const raft = start(stateOf([1, 1, 1, 1], pair), { broadcastCommit: false })
  elect(raft, [2])
  raft.step({
    type: 'append-response',
    from: 2,
    to: 1,
    term: 2,
    session: 5,
    accepted: true,
    index: 5,
    hint: { index: 0, term: 0 }
  })
  raft.applied(5)
  drain(raft)
  raft.forgetBodies(5)
  return raft
}

/** The follower turns out to have less than was thought: a new term begins with a probe. */
function behind(raft: Raft, has = 1): void {
  raft.step({ type: 'heartbeat-request', from: 2, to: 1, term: 3, commit: 0, round: 1 })
  drain(raft)
  for (let tick = 0; tick < 10; tick++) raft.tick()
  elect(raft, [2])
  const refusal = { type: 'append-response', from: 2, to: 1, term: 4, session: 6 } as const
  raft.step({ ...refusal, accepted: false, index: 5, hint: { index: has, term: has } })
  drain(raft)
  accept(raft, 2, has, 6)
}

/** A snapshot of all that was there before the term of `behind`. */
function takeSnapshot(raft: Raft): SnapshotMeta {
  const id = { index: 5, term: 2 }
  const meta: SnapshotMeta = { id, configuration: pair, manifest: new Uint8Array(0) }
  raft.snapshotTaken(meta)
  return meta
}

t.test('entries that are not in memory are loaded, one load at a time', async (t) => {
  const raft = forgetful()
  behind(raft)
  const ready = raft.ready()
  t.same(ready.loads, [{ replica: 2, firstIndex: 2, lastIndex: 5, bytesMax: 1024 }])
  t.notOk(raft.hasReady)
  raft.supply(2, [command(2, 1, 'a'), command(3, 1, 'b')])
  const next = raft.ready()
  t.match(appends(next.messages), [
    { previous: { index: 1 }, entries: [{ index: 2 }, { index: 3 }] }
  ])
  t.same(next.loads, [{ replica: 2, firstIndex: 4, lastIndex: 5, bytesMax: 1022 }])
  raft.supply(2, [command(4, 1), { ...command(5, 2), type: 'no-op' }])
  t.match(appends(drain(raft)), [
    { entries: [{ index: 4 }, { index: 5 }] },
    { entries: [{ index: 6, type: 'no-op' }] }
  ])
})

t.test('what was loaded is not sent if it is not wanted any more', async (t) => {
  const raft = forgetful()
  behind(raft)
  drain(raft)
  raft.supply(2, [command(2, 9)])
  t.same(appends(raft.ready().messages), [], 'of another term')
  raft.supply(2, [command(3, 1)])
  t.same(appends(raft.ready().messages), [], 'not the next')
  accept(raft, 2, 5, 6)
  raft.supply(2, [command(2, 1)])
  t.match(appends(drain(raft)), [{ previous: { index: 5 } }], 'it has them by now')
})

t.test('if a load fails, a snapshot takes its place, or else it is tried again', async (t) => {
  const raft = forgetful()
  behind(raft)
  drain(raft)
  raft.loadFailed(2)
  t.notOk(raft.hasReady, 'it waits for a heartbeat')
  raft.step({ type: 'heartbeat-response', from: 2, to: 1, term: 4, round: 0 })
  drain(raft)
  accept(raft, 2, 1, 6)
  t.equal(raft.ready().loads.length, 1)
  const meta = takeSnapshot(raft)
  raft.loadFailed(2)
  t.match(drain(raft), [{ type: 'snapshot-request', snapshot: meta }])
  t.match(raft.progress()[1], { state: 'snapshot', offeredSnapshotIndex: 5 })
})

t.test('a follower with nothing gets the snapshot of a log that begins later', async (t) => {
  const raft = forgetful()
  behind(raft, 0)
  t.match(raft.ready().loads, [{ firstIndex: 1 }])
  const meta = takeSnapshot(raft)
  raft.compact(3)
  // The store may still have what the log has forgotten: it is of no use any more.
  raft.supply(2, [command(1, 1)])
  t.match(drain(raft), [{ type: 'snapshot-request', snapshot: meta }])
})

t.test('what was loaded is not sent if the entry before it is not known any more', async (t) => {
  const raft = forgetful()
  behind(raft)
  t.match(raft.ready().loads, [{ firstIndex: 2 }])
  const meta = takeSnapshot(raft)
  // Of entry 2 the term is known still, of entry 1 it is not.
  raft.compact(3)
  raft.supply(2, [command(2, 1)])
  t.match(drain(raft), [{ type: 'snapshot-request', snapshot: meta }])
})

t.test('a commit index is broadcast if the group wants it', async (t) => {
  for (const broadcastCommit of [true, false]) {
    const raft = leader({ broadcastCommit })
    propose(raft, [1])
    drain(raft)
    accept(raft, 2, 3, 2)
    const sent = appends(drain(raft))
    t.match(sent, broadcastCommit ? [{ commit: 3, entries: [] }] : [])
  }
})

t.test('a replica that refuses what it had acknowledged is told from a late refusal', async (t) => {
  const raft = leader({ inflightRequestsMax: 3 }, [1, 1, 1])
  const refusal = { type: 'append-response', from: 2, to: 1, term: raft.term, session: 4 } as const
  const refuse = (index: number): void => {
    raft.step({ ...refusal, accepted: false, index, hint: { index: 1, term: 1 } })
  }
  const round = { type: 'heartbeat-response', from: 2, to: 1, term: raft.term, round: 0 } as const
  const isRegressed = (): unknown => raft.progress()[1]?.isRegressed
  raft.reportUnreachable(2)
  t.equal(appends(drain(raft))[0]?.previous.index, 4, 'where the logs met')
  for (let count = 0; count < 3; count++) refuse(4)
  t.same(appends(drain(raft)), [], 'asked again when it is heard')
  t.notOk(isRegressed())
  accept(raft, 2, 4, 4)
  raft.reportUnreachable(2)
  drain(raft)
  for (let count = 0; count < 4; count++) {
    t.notOk(isRegressed(), `${count} refusals`)
    refuse(4)
    raft.step(round)
    t.equal(appends(drain(raft))[0]?.previous.index, 4)
  }
  t.ok(isRegressed())
  accept(raft, 2, 4, 4)
  t.notOk(isRegressed(), 'it has it after all')
})

t.test('what a replica has lost since it acknowledged it counts for no commit', async (t) => {
  const raft = leader({ inflightRequestsMax: 3 }, [1, 1, 1])
  propose(raft, [1])
  const ready = raft.ready()
  accept(raft, 2, 5, 4)
  raft.reportUnreachable(2)
  const answer = { from: 2, to: 1, term: raft.term } as const
  const hint = { index: 1, term: 1 }
  for (let count = 0; count < 4; count++) {
    raft.ready()
    raft.step({ ...answer, type: 'append-response', session: 4, accepted: false, index: 5, hint })
    raft.step({ ...answer, type: 'heartbeat-response', round: 0 })
  }
  raft.persisted(ready.number)
  t.equal(raft.commitIndex, 4, 'it is on the disk of the leader alone')
  accept(raft, 2, 5, 4)
  t.equal(raft.commitIndex, 5)
})
