// To whom a node hands over what it leads before it ends.
import { World } from '@holdfast/simulator'
import t from 'tap'
import { LeaderBalance } from '../../src/consensus/leader-balance.ts'
import { handOver } from '../../src/consensus/leadership.ts'
import { replicaOf } from '../../src/consensus/replica-id.ts'
import { times } from '../../src/limits.ts'
import { coreWith, pass } from '../part-core.ts'

t.test('nothing is handed to a node that hands over its own', async (t) => {
  const transfers: number[] = []
  const heirs = [2, 3].map((node) => {
    const replica = replicaOf(node, 1)
    const isThere = { isVoter: true, recentlyActive: true, state: 'replicate' }
    return { replica, match: 10 - node, ...isThere }
  })
  const raft = {
    isLeader: true,
    progress: () => heirs,
    transfer: (to: number) => transfers.push(to)
  }
  const groups = { all: () => [{ raft, haltedReason: null }], selfReplica: replicaOf(1, 1) }
  const core = coreWith({ groups })
  t.equal(handOver(core), 1)
  core.reports.received(2, [], true)
  t.equal(handOver(core), 1)
  t.same(transfers, [replicaOf(2, 1), replicaOf(3, 1)])
  core.reports.received(3, [], true)
  t.equal(handOver(core), 0, 'all of them end: there is nobody to give it to')
})

t.test('leaderships are levelled between nodes that tell and do not drain', async (t) => {
  const moved: [number, object][] = []
  const replicas = [1, 2, 3].map((node) => replicaOf(node, 1))
  const core = coreWith({
    calls: { call: (node: number, call: object) => moved.push([node, call]) },
    groups: { all: () => [], get: () => undefined, selfReplica: replicas[0] },
    membership: { isUp: () => true },
    metadata: {
      machine: {
        membership: { nodes: [1, 2, 3].map((node) => ({ node, state: 'up' })) },
        placement: { shards: [1, 2, 3, 4] }
      }
    }
  })
  const balance = new LeaderBalance(core)
  /** Node 2 leads all; what is moved after so long. Node 3 tells whether it drains, or nothing. */
  const level = (durationMs: number, third: boolean | null): [number, object][] => {
    pass(core, durationMs)
    const place = { leader: 2, term: 4, commit: 100, applied: 100, caughtUp: replicas }
    const members = { voters: replicas, outgoing: [], learners: [] }
    core.reports.received(
      2,
      [1, 2, 3, 4].map((group) => ({ group, ...place, ...members }))
    )
    if (third !== null) core.reports.received(3, [], third)
    balance.level()
    return moved.splice(0)
  }
  t.same(level(0, false), [], 'nobody has been up for long')
  const [to1, to3] = [1, 3].map((to) => (group: number) => [2, { type: 'transfer', group, to }])
  t.same(level(times.settleMs, false), [to1?.(1), to3?.(2)])
  t.same(level(1, true), [to1?.(1), to1?.(2)], 'node 3 drains')
  t.same(level(1, false), [to1?.(1), to1?.(2)], 'it has just come back')
  t.same(level(times.settleMs, null), [to1?.(1), to3?.(2)])
  t.same(level(1, null), [to1?.(1), to1?.(2)], 'it has told nothing for long')
})

t.test('of three nodes two drain at once, and the third one leads', async (t) => {
  const world = new World(3)
  t.ok(await world.form(3))
  // Leaderships are spread by now, and stay where they are.
  await world.schedule.run(10_000)
  const [first, second, third] = world.hosts
  const sinceMs = world.schedule.nowMs
  for (const host of [first, second]) host?.process?.input({ type: 'drain' })
  t.ok(await world.until(2000, 'both have ended', () => world.runningHosts.length < 3))
  await world.schedule.run(200)
  t.ok(world.schedule.nowMs - sinceMs < 2500)
  const led = world.lines.filter((line) => {
    const [ms = 0, ...words] = line.split(' ')
    return Number(ms) > sinceMs && words.join(' ').includes('leads a group {')
  })
  const byHost = (host: number | undefined) =>
    led.filter((line) => line.includes(`host ${host}:`)).length
  t.ok(byHost(third?.number) > 0)
  const crossed = byHost(first?.number) + byHost(second?.number)
  const groups = world.hosts[2]?.process?.member.status().groups.length ?? 0
  t.ok(crossed <= groups, `${crossed} of ${groups} crossed on their way at first, and no more`)
})
