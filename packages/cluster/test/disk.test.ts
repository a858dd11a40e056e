// A full disk refuses publishes and nothing else, through the real path of a publish.
import { calmWorld, History, type Host, Operator, Publisher, World } from '@holdfast/simulator'
import t from 'tap'
import { coreWith, pass } from './part-core.ts'

t.test(
  'a leader whose disk is nearly full refuses publishes, and takes them again later',
  async (t) => {
    const world = new World(7)
    t.ok(await world.form(1))
    const operator = new Operator(world, 'operator')
    operator.ask({ type: 'declare-queue', name: 'q', options: {} })
    t.ok(await world.until(2000, 'declared', () => operator.isIdle))
    const process = world.hosts[0]?.process
    const history = new History(world, ['DISK_LOW'])
    const routes = [{ exchange: '', routingKey: 'q', queues: ['q'], mandatory: false }]
    process?.input({ type: 'disk', freeBytes: 300 * 1024 * 1024, totalBytes: 10 ** 12 })
    const refused = new Publisher(world, 'refused', { history, routes, messages: 20 })
    t.ok(await world.until(5000, 'refused', () => refused.isDone))
    t.same([...history.outcomes()], ['DISK_LOW'])
    process?.input({ type: 'disk', freeBytes: 10 ** 11, totalBytes: 10 ** 12 })
    const taken = new Publisher(world, 'taken', { history, routes, messages: 20 })
    t.ok(await world.until(5000, 'taken', () => taken.isDone))
    t.same([...history.outcomes()], ['DISK_LOW', 'confirmed'])
    let ready: unknown = null
    operator.ask({ type: 'inspect-queue', name: 'q' }, (_error, result) => {
      ready = (result as { ready: number }).ready
    })
    t.ok(await world.until(2000, 'inspected', () => operator.isIdle))
    t.equal(ready, 20)
    t.same(world.failures, [])
    process?.input({ type: 'disk', freeBytes: 10_000_000, totalBytes: 10 ** 12 })
    t.ok(await world.until(2000, 'ended', () => world.hosts[0]?.process == null))
  }
)

/** Elections in so many seconds; servers measure the space in each. */
async function electionsWhileLow(
  world: World,
  lowHosts: readonly Host[],
  seconds: number
): Promise<string[]> {
  const sinceLines = world.lines.length
  for (let second = 0; second < seconds; second++) {
    for (const host of lowHosts) host.setFreeBytes(200 * 1024 * 1024)
    await world.schedule.run(1000)
  }
  return world.lines.slice(sinceLines).filter((line) => line.includes('leads a group {'))
}

t.test('a node with little space gives up leading until it has space again', async (t) => {
  const world = new World(7, { ...calmWorld, tuning: { shardsAtBootstrap: 6 } })
  t.ok(await world.form(3))
  // Leaderships are spread by now.
  await world.schedule.run(10_000)
  const [low] = world.hosts
  if (low === undefined) throw new Error('no host')
  const ledBy = (host: Host) => {
    const node = host.process?.identity?.node
    const groups = host.process?.member.status().groups ?? []
    return groups.filter(({ leader }) => leader === node).length
  }
  const led = ledBy(low)
  t.ok(led >= 2, `it led ${led}`)
  const elections = await electionsWhileLow(world, [low], 20)
  t.ok(elections.length <= 2 * led, `${elections.length} elections, be it to level the others`)
  t.same(
    elections.filter((line) => line.includes(`host ${low.number}:`)),
    []
  )
  t.equal(ledBy(low), 0)
  low.setFreeBytes(10 ** 11)
  await world.schedule.run(15_000)
  t.ok(ledBy(low) >= 2)
  await electionsWhileLow(world, world.hosts, 3)
  t.same(await electionsWhileLow(world, world.hosts, 10), [], 'where all have little, all stays')
  t.same(world.failures, [])
})

t.test('a disk that does not answer for an election timeout costs the leadership', async (t) => {
  const transfers: number[] = []
  const isThere = { isVoter: true, recentlyActive: true, state: 'replicate' }
  const progress = [
    { ...isThere, replica: 7, match: 3 },
    { ...isThere, replica: 8, match: 5 },
    { ...isThere, replica: 9, match: 9, isVoter: false },
    { ...isThere, replica: 10, match: 9, state: 'probe' }
  ]
  const raft = {
    isLeader: true,
    progress: () => progress,
    transfer: (to: number) => transfers.push(to)
  }
  const core = coreWith({ groups: { all: () => [{ raft, haltedReason: null }], selfReplica: 1 } })
  const said = (): readonly string[] =>
    core.outputs.flatMap((output) => (output.type === 'log' ? [output.message] : []))
  const id = core.commit.addStart()
  core.commit.flush()
  pass(core, 999)
  core.disk.tick()
  t.same(transfers, [])
  pass(core, 1)
  core.disk.tick()
  pass(core, 500)
  core.disk.tick()
  t.same(transfers, [8, 8], 'again, should the first attempt fail')
  t.same(said(), ['the disk is slow: leadership is given up'])
  core.commit.written(id)
  core.disk.tick()
  t.same(said().slice(1), ['the disk answers again'])
  const { commitSeconds, commitSecondsMax, commitStalls } = core.counters.read()
  t.same(
    { commitSeconds, commitSecondsMax, commitStalls },
    {
      commitSeconds: 1.5,
      commitSecondsMax: 1.5,
      commitStalls: 1
    }
  )
  pass(core, 5000)
  core.disk.tick()
  t.equal(transfers.length, 2, 'an idle disk is not slow')
})
