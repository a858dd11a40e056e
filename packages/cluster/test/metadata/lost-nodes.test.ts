// Exclusive queues of nodes that are no more: dead, started again, cut off or removed.
import { Operator, World } from '@holdfast/simulator'
import t from 'tap'
import { replicaOf } from '../../src/consensus/replica-id.ts'
import { times } from '../../src/limits.ts'
import { coreWith } from '../part-core.ts'

const declareMine = {
  type: 'declare-queue',
  name: 'mine',
  options: { exclusive: true }
} as const

/** Three nodes, a client of one of them whose own a queue is, and one of another. */
async function setUp(
  seed: number,
  at: number = 1
): Promise<{ world: World; owner: Operator; other: Operator }> {
  const world = new World(seed)
  await world.form(3)
  const [owner, other] = [new Operator(world, 'owner'), new Operator(world, 'other')]
  owner.preferred = world.hosts[at] ?? null
  other.preferred = world.hosts[(at + 2) % 3] ?? null
  await world.until(2000, 'clients are let in', () => owner.isOpen && other.isOpen)
  await ask(world, owner, declareMine)
  return { world, owner, other }
}

/** Cuts the second host off from those at these places. Returns what mends it. */
function cutOff({ hosts, network }: World, from: readonly number[]): () => void {
  const second = hosts[1]?.number ?? 0
  const mends = from.flatMap((at) => {
    const other = hosts[at]?.number ?? 0
    return [network.cut(other, second), network.cut(second, other)]
  })
  return () => {
    for (const mend of mends) mend()
  }
}

/** 'done', or the code of the refusal. */
async function ask(
  world: World,
  client: Operator,
  request: Parameters<Operator['ask']>[0]
): Promise<string> {
  let answer = 'unanswered'
  client.ask(request, (error) => {
    answer = error?.code ?? 'done'
  })
  await world.until(40_000, `${request.type} is answered`, () => client.isIdle)
  return answer
}

/** How long until the queue is gone, as another node knows it. */
async function lifeMs(world: World, other: Operator): Promise<number> {
  const sinceMs = world.schedule.nowMs
  for (;;) {
    const answer = await ask(world, other, { type: 'locate-queue', name: 'mine' })
    const nowMs = world.schedule.nowMs - sinceMs
    if (answer === 'QUEUE_NOT_FOUND' || nowMs > 30_000) return nowMs
    await world.schedule.run(50)
  }
}

t.test('it is locked at every node', async (t) => {
  const { world, other } = await setUp(1)
  for (const host of world.hosts) {
    other.preferred = host
    other.reconnect()
    t.equal(await ask(world, other, { type: 'inspect-queue', name: 'mine' }), 'QUEUE_LOCKED')
    t.equal(await ask(world, other, declareMine), 'QUEUE_LOCKED')
  }
  t.same(world.failures, [])
})

t.test('it ends with its node, that of the metadata leader as well', async (t) => {
  for (const at of [0, 1, 2]) {
    const { world, owner, other } = await setUp(2 + at, at)
    owner.stop()
    const host = world.hosts[at]
    if (host !== undefined) host.isHeldDown = true
    host?.crash()
    const endMs = await lifeMs(world, other)
    t.ok(endMs < 8000, `gone after ${endMs} ms`)
    t.same(world.failures, [])
  }
})

t.test('who declares it while its node is gone waits, and gets it', async (t) => {
  const { world, owner, other } = await setUp(6)
  owner.stop()
  const [, second] = world.hosts
  if (second === undefined) throw new Error('there are three')
  second.isHeldDown = true
  second.crash()
  t.equal(await ask(world, other, declareMine), 'done')
  t.equal(await ask(world, other, { type: 'inspect-queue', name: 'mine' }), 'done')
  t.same(world.failures, [])
})

t.test('a node that starts again ends those of the process before', async (t) => {
  const { world, owner, other } = await setUp(7)
  owner.stop()
  const [, second] = world.hosts
  second?.crash()
  second?.start()
  const endMs = await lifeMs(world, other)
  t.ok(endMs < 3000, `gone after ${endMs} ms`)
  t.same(world.failures, [])
})

t.test('a moment of silence ends nothing', async (t) => {
  const { world, owner, other } = await setUp(8)
  const mend = cutOff(world, [0, 2])
  await world.schedule.run(500)
  mend()
  await world.schedule.run(5000)
  t.equal(await ask(world, other, { type: 'inspect-queue', name: 'mine' }), 'QUEUE_LOCKED')
  t.equal(await ask(world, owner, { type: 'inspect-queue', name: 'mine' }), 'done')
  t.same(world.failures, [])
})

t.test('it outlives a link to the metadata leader, until its node counts as lost', async (t) => {
  const { world, owner, other } = await setUp(10)
  // Its node hears another one, so that it keeps its clients.
  const mend = cutOff(world, [0])
  await world.schedule.run(times.contactTicks * times.tickMs + 1000)
  t.equal(await ask(world, other, { type: 'inspect-queue', name: 'mine' }), 'QUEUE_LOCKED')
  mend()
  await world.schedule.run(5000)
  t.equal(await ask(world, owner, { type: 'inspect-queue', name: 'mine' }), 'done')
  t.same(world.failures, [])
})

t.test('a node that is cut off for long has none left when it is back', async (t) => {
  const { world, owner, other } = await setUp(9)
  owner.stop()
  const [, second] = world.hosts
  const mend = cutOff(world, [0, 2])
  const endMs = await lifeMs(world, other)
  t.ok(endMs < 8000, `gone after ${endMs} ms`)
  mend()
  await world.schedule.run(5000)
  other.preferred = second ?? null
  other.reconnect()
  const name = 'mine'
  t.equal(await ask(world, other, { type: 'locate-queue', name }), 'QUEUE_NOT_FOUND')
  t.same(world.failures, [])
})

t.test('another process may have a connection of the same number', async (t) => {
  const core = coreWith({ sessions: { isOpen: () => true }, gateway: { epoch: 2048 } })
  const owner = { replica: replicaOf(1, 1), process: 2048, connection: 7, client: 'c' }
  const isOver = (other: Partial<typeof owner>): boolean =>
    core.exclusiveQueues.isOver({ ...owner, ...other })
  t.notOk(isOver({}))
  t.ok(isOver({ process: 1024 }))
  t.notOk(isOver({ replica: replicaOf(1, 2) }), 'the node was replaced: the next one knows')
  t.notOk(isOver({ replica: replicaOf(2, 1) }), 'its node knows')
})
