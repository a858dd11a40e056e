// What stays of a group that this node left: through the drop, a restart, and until it is back.
import { MemoryDisk } from '@holdfast/cluster/contract'
import { bootstrapState, type Message } from '@holdfast/raft'
import t from 'tap'
import { LeftGroups } from '../../src/consensus/left-groups.ts'
import { recoveredState } from '../../src/consensus/recovered-state.ts'
import { replicaOf } from '../../src/consensus/replica-id.ts'
import type { Core } from '../../src/core.ts'
import { coreWith, linkTo, sent } from '../part-core.ts'

const group = 4
const [self, leader] = [replicaOf(1, 1), replicaOf(2, 1)]

t.test('the promise is the later of what the replica and the leader know', async (t) => {
  const left = new LeftGroups()
  const own = { term: 5, vote: 7, commit: 50 }
  t.same(left.leave(group, own, { term: 5, commit: 60 }), { term: 5, vote: 7, commit: 60 })
  t.same(left.leave(group, own, { term: 6, commit: 40 }), { term: 6, vote: null, commit: 50 })
  t.same(left.return(group).hardState, { term: 6, vote: null, commit: 50 })
  t.same(left.return(group).hardState, { term: 0, vote: null, commit: 0 }, 'it is back already')
})

t.test('what has a log or a snapshot was not left', async (t) => {
  const left = new LeftGroups()
  const [found] = diskAfter(leaves).recover().groups
  if (found === undefined) throw new Error('something stays')
  t.notOk(left.recover({ ...found, lastIndex: 1 }))
  t.notOk(left.recover({ ...found, hardState: { term: 3, vote: null, commit: 0 } }))
  t.ok(left.recover(found))
  t.equal(recoveredState(found).hardState, found.hardState)
})

/** An append of the leader of a term, with entries 1 to 3. */
function append(term: number): Message {
  const [first] = bootstrapState(leader).entries
  if (first === undefined) throw new Error('a group begins with an entry')
  const entries = [1, 2, 3].map((index) => ({ ...first, index }))
  const previous = { index: 0, term: 0 }
  const fixed = { type: 'append-request', from: leader, to: self, session: 1 } as const
  return { ...fixed, term, previous, commit: 2, entries }
}

/** Lets the node do all that is to be done, on this disk. */
function settle(core: Core, disk: MemoryDisk): readonly Message[] {
  const said: Message[] = []
  for (let round = 0; round < 8; round++) {
    core.groups.work()
    core.commit.flush()
    for (const output of core.outputs) {
      if (output.type !== 'write') continue
      disk.apply(output.record)
      core.commit.written(output.record.id)
    }
    for (const { message } of sent(core)) if (message.type === 'raft') said.push(message.message)
  }
  return said
}

function coreOn(disk: MemoryDisk): Core {
  const core = coreWith()
  for (const found of disk.recover().groups) core.groups.recover(found)
  linkTo(core, 2)
  return core
}

/** A replica with three entries, two of them committed, in term 7; then it leaves. */
function leaves(core: Core, disk: MemoryDisk): void {
  core.groups.receive(group, append(7))
  settle(core, disk)
  core.groups.drop(group, { term: 8, commit: 9 })
}

function diskAfter(act: (core: Core, disk: MemoryDisk) => void): MemoryDisk {
  const disk = new MemoryDisk()
  const core = coreOn(disk)
  act(core, disk)
  settle(core, disk)
  return disk
}

t.test('a group that was left is none of the node, before and after a restart', async (t) => {
  const disk = new MemoryDisk()
  const core = coreOn(disk)
  leaves(core, disk)
  t.same(core.groups.all(), [])
  settle(core, disk)
  t.match(disk.recover().groups, [
    { group, hardState: { term: 8, vote: null, commit: 9 }, lastIndex: 0, entries: [] }
  ])
  const again = coreOn(disk)
  t.same(again.groups.all(), [])
  t.equal(again.groups.get(group), undefined)
  t.same(again.groups.machineHashes(), [])
  again.groups.tick(100)
  t.same(settle(again, disk), [], 'it says nothing')
})

t.test('taken in again it has its term, its vote and its floor', async (t) => {
  for (const isRestarted of [false, true]) {
    const disk = new MemoryDisk()
    const before = coreOn(disk)
    leaves(before, disk)
    settle(before, disk)
    const core = isRestarted ? coreOn(disk) : before
    core.groups.receive(group, append(7))
    const { raft } = core.groups.get(group) ?? {}
    t.same(raft?.hardState, { term: 8, vote: null, commit: 9 })
    t.equal(raft?.lastId.index, 0, 'a leader of an older term is refused')
    core.groups.receive(group, append(9))
    settle(core, disk)
    t.match(disk.recover().groups, [{ hardState: { term: 9, commit: 9 }, lastIndex: 3 }])
    core.groups.tick(100)
    t.equal(raft?.role, 'follower', 'it does not campaign with less than it had')
    t.equal(coreOn(disk).groups.get(group)?.raft.hardState.commit, 9, 'after a restart, too')
  }
})

t.test('what it had drafted when it left does not come back', async (t) => {
  const disk = diskAfter((core) => {
    core.groups.receive(group, append(7))
    core.groups.work()
    core.groups.drop(group, { term: 7, commit: 9 })
  })
  t.match(disk.recover().groups, [{ hardState: { term: 7, commit: 9 }, lastIndex: 0 }])
})
