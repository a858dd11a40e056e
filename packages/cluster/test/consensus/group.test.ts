// One Raft group and what it asks the node's store for: a term or a vote is a promise, and is
// written though nothing else is. How much may wait and be uncommitted, in one group and in all
// groups of a node.
import { blankState, bootstrapState, Raft } from '@holdfast/raft'
import t from 'tap'
import { Clock } from '../../src/clock.ts'
import { Group } from '../../src/consensus/group.ts'
import { GroupCommit } from '../../src/consensus/group-commit.ts'
import type { Core } from '../../src/core.ts'
import { Counters } from '../../src/counters.ts'
import { limits } from '../../src/limits.ts'
import type { Output } from '../../src/output.ts'
import { coreWith } from '../part-core.ts'

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

/** Proposals are their sizes in bytes. */
type SizedGroup = Group<number, number>

/** A node that leads groups of one voter; `commit` makes durable what was proposed up to then. */
function leaders(count: number): {
  groups: SizedGroup[]
  propose: () => void
  commit: () => void
} {
  const groups: SizedGroup[] = []
  const core = coreWith({ groups: { all: () => groups }, reports: {} })
  const entry = new Uint8Array(limits.uncommittedBytesMax)
  const sum = (sizes: readonly number[]): number => sizes.reduce((bytes, size) => bytes + size, 0)
  const host = {
    timeMs: 0,
    encode: (_timeMs: number, sizes: readonly number[]) => entry.subarray(0, sum(sizes)),
    sizeOf: (size: number) => size,
    apply: () => [0]
  }
  for (let id = 1; id <= count; id++) {
    const { uncommittedBytesMax } = limits
    const raft = new Raft({ ...config, uncommittedBytesMax }, bootstrapState(config.id))
    groups.push(new Group(core, id, raft, host))
    raft.campaign()
  }
  const propose = (): void => {
    for (const group of groups) {
      group.propose()
      group.work()
    }
  }
  const commit = (): void => {
    for (const group of groups) group.work()
    for (;;) {
      core.commit.flush()
      const write = core.outputs.splice(0).find((output) => output.type === 'write')
      if (write?.type !== 'write') return
      core.commit.written(write.record.id)
      for (const group of groups) group.work()
    }
  }
  commit()
  return { groups, propose, commit }
}

t.test('a leader has room for publishes up to a bound, and for commands always', async (t) => {
  const { groups, propose, commit } = leaders(1)
  const [group] = groups
  t.ok(group?.isLeading)
  t.ok(group?.offer(limits.queuedBytesMax, () => undefined))
  t.ok(group?.hasRoom)
  t.ok(group?.offer(1, () => undefined))
  t.notOk(group?.hasRoom)
  t.ok(
    group?.offer(1, () => undefined),
    'their number has other bounds'
  )
  propose()
  commit()
  t.ok(group?.hasRoom)
})

t.test('a group where little waits has room whatever the others hold', async (t) => {
  const { groups } = leaders(6)
  const [quiet, modest, ...busy] = groups
  modest?.offer(limits.entryBytesMax + 1, () => undefined)
  for (const group of busy) group.offer(limits.queuedBytesMax, () => undefined)
  t.ok(limits.entryBytesMax + busy.length * limits.queuedBytesMax >= limits.nodeQueuedBytesMax)
  t.notOk(modest?.hasRoom)
  t.ok(quiet?.hasRoom)
  quiet?.offer(limits.entryBytesMax, () => undefined)
  t.ok(quiet?.hasRoom)
})

t.test('what all groups have uncommitted has a bound, within which each goes on', async (t) => {
  const { groups, propose, commit } = leaders(6)
  const half = limits.uncommittedBytesMax / 2
  const [quiet, ...busy] = groups
  for (let round = 0; round < 2; round++) {
    for (const group of busy) group.offer(half - limits.entryBytesMax, () => undefined)
  }
  propose()
  const uncommitted = (): number => {
    return groups.reduce((bytes, { raft }) => bytes + raft.uncommittedBytes, 0)
  }
  t.ok(uncommitted() > limits.nodeUncommittedBytesMax - half)
  const before = uncommitted()
  for (const group of busy) group.offer(1000, () => undefined)
  propose()
  t.equal(uncommitted(), before, 'they wait')
  let isAnswered = false
  quiet?.offer(1000, () => {
    isAnswered = true
  })
  propose()
  t.equal(quiet?.raft.uncommittedBytes, 1000, 'an ordinary entry is never refused')
  commit()
  t.ok(isAnswered)
  propose()
  commit()
  t.equal(uncommitted(), 0)
})

t.test('a large entry waits for room, also where nothing else of its group is open', async (t) => {
  const { groups, propose, commit } = leaders(10)
  const { nodeUncommittedBytesMax: max, queuedBytesMax: large } = limits
  for (const group of groups) group.offer(large, () => undefined)
  propose()
  const open = (): number => groups.filter(({ raft }) => raft.uncommittedBytes > 0).length
  t.equal(open(), Math.floor(max / large) + 1)
  commit()
  propose()
  t.equal(open(), 10 - Math.floor(max / large) - 1)
})
