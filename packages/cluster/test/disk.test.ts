// A full disk refuses publishes and nothing else, through the real path of a publish.
import { History, Operator, Publisher, World } from '@holdfast/simulator'
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

t.test('a disk that does not answer for an election timeout costs the leadership', async (t) => {
  const transfers: number[] = []
  const progress = [
    { replica: 7, isVoter: true, recentlyActive: true, match: 3 },
    { replica: 8, isVoter: true, recentlyActive: true, match: 5 },
    { replica: 9, isVoter: false, recentlyActive: true, match: 9 },
    { replica: 10, isVoter: true, recentlyActive: true, isRegressed: true, match: 9 }
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
