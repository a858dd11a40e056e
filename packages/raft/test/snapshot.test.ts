// Snapshots on the side of who takes or installs one: everything that may come at the wrong time.
import t from 'tap'
import type { Raft, SnapshotMeta } from '../src/index.ts'
import { append, command, drain, start, stateOf, voters } from './single-replica.ts'

const three = voters(1, 2, 3)
const manifest = new Uint8Array([1])

function metaAt(index: number, term: number): SnapshotMeta {
  return { id: { index, term }, configuration: three, manifest }
}

function offer(raft: Raft, snapshot: SnapshotMeta, from = 2, term = 3): SnapshotMeta | null {
  raft.step({ type: 'snapshot-request', from, to: 1, term, session: 5, snapshot })
  const ready = raft.ready()
  raft.persisted(ready.number)
  return ready.offeredSnapshot?.snapshot ?? null
}

t.test('the same offer is brought once, one of another leader again', async (t) => {
  const raft = start(stateOf([1], three))
  t.same(offer(raft, metaAt(9, 3)), metaAt(9, 3))
  t.equal(offer(raft, metaAt(9, 3)), null)
  t.same(offer(raft, metaAt(9, 3), 3, 4), metaAt(9, 3))
})

t.test('an install is begun only for what is offered and still of use', async (t) => {
  const raft = start(stateOf([1, 1, 1], three))
  t.notOk(raft.beginInstall(metaAt(9, 3)), 'nothing is offered')
  offer(raft, metaAt(5, 3))
  t.notOk(raft.beginInstall(metaAt(5, 2)), 'another snapshot')
  const entries = [command(4, 3), command(5, 3)]
  append(raft, { term: 3, previous: { index: 3, term: 1 }, entries, commit: 5 })
  t.notOk(raft.beginInstall(metaAt(5, 3)), 'the log has caught up meanwhile')
  t.throws(() => raft.installed(metaAt(5, 3)), /beginInstall/)
})

t.test(
  'between begin and end nothing is appended, refused entries are not acknowledged',
  async (t) => {
    const raft = start(stateOf([1, 1], three))
    offer(raft, metaAt(9, 3))
    t.ok(raft.beginInstall(metaAt(9, 3)))
    t.notOk(raft.beginInstall(metaAt(9, 3)), 'once')
    const answers = append(raft, {
      term: 3,
      previous: { index: 2, term: 1 },
      entries: [command(3, 3)]
    })
    t.same(answers, [])
    t.same(raft.lastId, { index: 2, term: 1 })
    for (let tick = 0; tick < 50; tick++) raft.tick()
    t.equal(raft.role, 'follower', 'it does not campaign with a log that is being replaced')
    raft.installed(metaAt(9, 3))
    t.same(raft.lastId, { index: 9, term: 3 })
  }
)

t.test(
  'what was acknowledged meanwhile is not replaced, known to be committed or not',
  async (t) => {
    const raft = start(stateOf([1, 1], three))
    offer(raft, metaAt(4, 3))
    const entries = [3, 4, 5].map((index) => command(index, 3))
    const answers = append(raft, { term: 3, previous: { index: 2, term: 1 }, entries })
    t.match(answers, [{ accepted: true, index: 5 }])
    t.equal(raft.commitIndex, 0)
    t.notOk(raft.beginInstall(metaAt(4, 3)))
    t.same(raft.lastId, { index: 5, term: 3 })
    offer(raft, metaAt(4, 3))
    t.equal(raft.commitIndex, 4, 'what is offered again is known to be committed')
  }
)

t.test('who refused a snapshot says so, and takes part again', async (t) => {
  const raft = start(stateOf([1, 1], three))
  offer(raft, metaAt(9, 3))
  raft.beginInstall(metaAt(9, 3))
  raft.snapshotRefused(2)
  t.match(drain(raft), [{ type: 'append-response', accepted: false, index: 9 }])
  append(raft, { term: 3, previous: { index: 2, term: 1 }, entries: [command(3, 3)] })
  t.same(raft.lastId, { index: 3, term: 3 })
  t.same(offer(raft, metaAt(9, 3)), metaAt(9, 3))
})

t.test('an install that ends in a later term is told to the leader of that term', async (t) => {
  const raft = start(stateOf([1], three))
  offer(raft, metaAt(9, 3))
  raft.beginInstall(metaAt(9, 3))
  raft.step({
    type: 'append-request',
    from: 3,
    to: 1,
    term: 4,
    session: 12,
    previous: { index: 11, term: 4 },
    commit: 9,
    entries: []
  })
  t.match(drain(raft), [{ type: 'append-response', to: 3, accepted: false, index: 11 }])
  raft.installed(metaAt(9, 3))
  t.match(drain(raft), [{ to: 3, term: 4, session: 12, accepted: true, index: 9 }])
})

t.test('entries written before the install do not come to life after it', async (t) => {
  const raft = start(stateOf([1], three))
  const entries = [command(2, 3), command(3, 3)]
  const request = { type: 'append-request', from: 2, to: 1, term: 3, session: 1 } as const
  raft.step({ ...request, previous: { index: 1, term: 1 }, commit: 0, entries })
  const ready = raft.ready()
  raft.step({
    type: 'snapshot-request',
    from: 2,
    to: 1,
    term: 3,
    session: 5,
    snapshot: metaAt(9, 3)
  })
  raft.ready()
  raft.beginInstall(metaAt(9, 3))
  raft.installed(metaAt(9, 3))
  raft.persisted(ready.number)
  t.same([raft.durableIndex, raft.lastId.index, raft.firstIndex], [9, 9, 10])
})

t.test(
  'a local snapshot covers only what was applied, and lets the log be compacted',
  async (t) => {
    const raft = start(stateOf([1, 1, 1], three, { commit: 3 }))
    t.throws(() => raft.snapshotTaken(metaAt(2, 1)), /applied/)
    raft.applied(2)
    t.throws(() => raft.compact(2), /covers/)
    raft.snapshotTaken(metaAt(2, 1))
    raft.compact(3)
    t.same([raft.firstIndex, raft.snapshotId], [3, { index: 2, term: 1 }])
    t.same(raft.configurationAt(2), three)
    raft.compact(1)
    t.equal(raft.firstIndex, 3)
  }
)
