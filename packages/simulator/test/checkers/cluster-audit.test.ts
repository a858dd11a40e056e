// The checkers at work in a world: they see every step, find nothing where nothing is wrong, and
// find a disk that lies before anybody has lost anything.
import { bootstrapState } from '@holdfast/raft'
import t from 'tap'
import { World } from '../../src/world/world.ts'
import { config } from '../refinement/sample-steps.ts'

async function formed(seed: number): Promise<World> {
  const world = new World(seed)
  await world.form(3)
  return world
}

t.test('a cluster that is formed is made of actions of the specification', async (t) => {
  const world = await formed(1)
  t.same(world.failures, [])
  const { counts } = world.audit
  for (const action of [
    'Restart',
    'Timeout',
    'BecomeLeader',
    'ClientRequest',
    'AppendEntries',
    'HandleAppendEntriesRequest',
    'HandleAppendEntriesResponse',
    'AdvanceCommitIndex',
    'LearnCommit',
    'ChangeConfiguration'
  ] as const) {
    t.ok((counts.get(action) ?? 0) > 0, `${action}: ${counts.get(action)}`)
  }
})

t.test('an acknowledgement of what a disk did not keep is found', async (t) => {
  const world = await formed(2)
  const [, host] = world.hosts
  t.ok(host?.isRunning)
  if (host !== undefined) host.disk.apply = () => undefined
  await world.schedule.run(3000)
  world.hosts[0]?.crash()
  await world.schedule.run(3000)
  t.ok(
    world.failures.some((failure) => failure.includes('persist-before-speak')),
    `${world.failures[0]}`
  )
})

t.test('a disk that forgets a vote is found when its process starts again', async (t) => {
  const world = await formed(3)
  const [host] = world.hosts
  if (host === undefined) return
  host.crash()
  for (const stored of host.disk.groups.values()) {
    stored.hardState = { ...stored.hardState, vote: null }
  }
  host.start()
  t.ok(
    world.failures.some((failure) => failure.includes('forgot its vote')),
    `${world.failures[0]}`
  )
})

t.test('a confirm of what was never applied is found', async (t) => {
  const world = await formed(4)
  world.audit.answers.confirmed({ body: 'p1:1', queues: [] })
  t.same(world.failures, [])
  world.audit.answers.confirmed({ body: 'p1:1', queues: ['q1'] })
  t.match(world.failures[0], /confirm-after-commit: p1:1/)
})

t.test('a node that routes without what was answered is found', async (t) => {
  const world = await formed(5)
  const audit = world.audit.ofProcess(1)
  const replica = { group: 0, replica: 1 }
  audit.changesAnswered(7)
  audit.routes(replica, 7)
  t.same(world.failures, [])
  audit.routes(replica, 6)
  t.match(world.failures[0], /route-in-force: replica 1 routes with 6 applied, 7 was answered/)
})

t.test('a node that is behind a fence without what was committed before is found', async (t) => {
  const world = await formed(5)
  const arrives = world.audit.ofProcess(1).waits({ group: 0, replica: 1 })
  arrives(1_000_000)
  t.same(world.failures, [])
  arrives(1)
  t.match(world.failures[0], /behind a fence with 1 applied, \d+ was committed before/)
})

t.test('a process that ends before it is somebody takes its replicas with it', async (t) => {
  const { audit } = new World(6)
  const raft = audit.ofProcess(1).openReplica(0, config, bootstrapState(config.id))
  raft.campaign()
  while (!raft.isLeader && raft.hasReady) raft.persisted(raft.ready().number)
  t.match(audit.unrest, /is not committed/)
  audit.ended({ epoch: 2 })
  t.match(audit.unrest, /is not committed/)
  audit.ended({ epoch: 1 })
  t.equal(audit.unrest, null)
})
