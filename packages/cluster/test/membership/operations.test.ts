// Operations of operators on a simulated cluster: they end, say how far they are, outlive the
// leader of the metadata, and are refused where they would strand a group.
import { type Host, Operator, type World } from '@holdfast/simulator'
import t from 'tap'
import {
  ask,
  codeOf,
  crash,
  follow,
  formed,
  hostAt,
  isWell,
  leaderOf,
  namesNode,
  nodeOf,
  operationOf,
  type Result,
  statusAt
} from './operated-world.ts'

t.test('an addition is asked once, watched, and done in full', async (t) => {
  const world = await formed(t, 1, 3)
  const host = world.addHost()
  host.start()
  const request = { type: 'add-node', peer: host.address } as const
  const first = operationOf(await ask(world, hostAt(world, 2), request))
  t.equal(operationOf(await ask(world, hostAt(world, 3), request)).id, first.id, 'asked again')
  const seen = await follow(world, first.id)
  t.ok(new Set(seen.map(({ progress }) => progress.sentence)).size > 1, 'there was progress')
  const { state, progress, node } = seen.at(-1) ?? first
  t.match({ state, node }, { state: 'succeeded', node: 4 })
  t.equal(progress.done, progress.total)
  t.equal(codeOf(await ask(world, hostAt(world, 1), request)), 'NODE_ALREADY_MEMBER')
  isWell(t, world)
})

t.test('an addition outlives the leader of the metadata', async (t) => {
  for (let seed = 1; seed <= 8; seed += 1) {
    const world = await formed(t, seed, 3)
    const host = world.addHost()
    host.start()
    const request = { type: 'add-node', peer: host.address } as const
    const { id } = operationOf(await ask(world, hostAt(world, 2), request))
    await world.schedule.run(world.random.integer(0, 1500))
    leaderOf(world, 0).crash()
    t.equal((await follow(world, id)).at(-1)?.state, 'succeeded', `seed ${seed}`)
    isWell(t, world)
  }
})

t.test('the leader of the metadata is removed, is told, and is named no more', async (t) => {
  const world = await formed(t, 3, 4)
  const leader = leaderOf(world, 0)
  const node = nodeOf(leader)
  const asked = world.hosts.find((host) => host !== leader) ?? leader
  const request = { type: 'remove-node', node } as const
  const { id } = operationOf(await ask(world, asked, request))
  t.equal(operationOf(await ask(world, asked, request)).id, id, 'asked again')
  t.match((await follow(world, id)).at(-1), {
    state: 'succeeded',
    progress: { sentence: /is removed/ }
  })
  await world.until(15_000, 'the removed node ends', () => leader.isRemoved)
  await world.until(5000, 'nobody names it', () => !namesNode(world, node))
  t.equal(codeOf(await ask(world, asked, request)), 'NODE_NOT_FOUND')
  isWell(t, world)
})

t.test('a dead node can be removed, a living one beside it cannot', async (t) => {
  const world = await formed(t, 4, 3)
  const dead = hostAt(world, 3)
  const [node, other] = [nodeOf(dead), nodeOf(hostAt(world, 2))]
  await crash(world, dead)
  const refused = await ask(world, hostAt(world, 1), { type: 'remove-node', node: other })
  t.equal(codeOf(refused), 'QUORUM_WOULD_BE_LOST')
  const { id } = operationOf(await ask(world, hostAt(world, 1), { type: 'remove-node', node }))
  t.equal((await follow(world, id)).at(-1)?.state, 'succeeded')
  await world.until(5000, 'nobody names it', () => !namesNode(world, node))
  t.match(statusAt(hostAt(world, 1)).warnings, ['Two nodes tolerate no failure: add a third.'])
  dead.start()
  await world.until(15_000, 'it is told when it comes back', () => dead.isRemoved)
  isWell(t, world)
})

t.test('a node that leaves for long holds no changes up, and knows of them', async (t) => {
  const world = await formed(t, 6, 4)
  const { groups } = statusAt(hostAt(world, 1))
  const shard = groups.find(({ kind }) => kind === 'shard')
  // Who is no replica of the shard would take the place of one that leaves, and is dead.
  const leader = leaderOf(world, 0)
  const ofShard = (host: Host): boolean => shard?.voters.includes(nodeOf(host)) === true
  const spare = world.hosts.find((host) => !ofShard(host))
  const leaver = world.hosts.find((host) => ofShard(host) && host !== leader)
  if (shard === undefined || spare === undefined || leaver === undefined)
    throw new Error('no shard')
  t.ok(ofShard(leader), 'the leader of the metadata may lead the shard')
  await crash(world, spare)
  const node = nodeOf(leaver)
  const asked = leader
  // So the one who leaves goes on to hear of that node.
  const transfer = { type: 'transfer', group: shard.id, to: nodeOf(leader) } as const
  await ask(world, asked, transfer)
  await world.until(5000, 'it does', () => leaderOf(world, shard.id) === leader)
  const { id } = operationOf(await ask(world, asked, { type: 'remove-node', node }))
  await world.schedule.run(5000)
  const operator = new Operator(world, 'declarer')
  for (const name of ['late1', 'late2']) {
    operator.ask({ type: 'declare-queue', name, options: {} }, (error) => t.equal(error, null))
    await world.until(6000, `${name} is declared`, () => operator.isIdle)
  }
  t.ok(namesNode(world, node), 'it is there yet')
  const reason = statusAt(leaver).notReadyReason
  t.equal(reason, null, 'it is as good as any')
  spare.start()
  t.equal((await follow(world, id)).at(-1)?.state, 'succeeded')
  await world.until(15_000, 'it ends', () => leaver.isRemoved)
  await world.until(5000, 'nobody names it', () => !namesNode(world, node))
  isWell(t, world)
})

t.test('two removals at once leave a node standing', async (t) => {
  const world = await formed(t, 5, 2)
  const results: Result[] = []
  for (const host of world.hosts) {
    host.process?.admin({ type: 'remove-node', node: nodeOf(host) }, (result) => {
      results.push(result)
    })
  }
  await world.until(35_000, 'both are answered', () => results.length === 2)
  t.same(results.map(codeOf).sort(), ['LAST_NODE', 'accepted'])
  await world.until(60_000, 'one is gone', () => world.hosts.some(({ isRemoved }) => isRemoved))
  await world.until(20_000, 'the other is ready', () => world.isReady && world.isSettled)
  t.equal(world.runningHosts.length, 1)
  isWell(t, world)
})

t.test('a node that was away while groups left it is ready when it is back', async (t) => {
  for (let seed = 1; seed <= 6; seed += 1) {
    const world = await formed(t, seed, 3)
    // Replicas are taken from the nodes with the lowest ids first.
    const away = world.hosts.find((host) => nodeOf(host) === 2) ?? hostAt(world, 2)
    await crash(world, away)
    const host = world.addHost()
    host.start()
    const request = { type: 'add-node', peer: host.address } as const
    const { id } = operationOf(await ask(world, hostAt(world, 1), request))
    t.equal((await follow(world, id)).at(-1)?.state, 'succeeded', `seed ${seed}`)
    await world.until(2000, `seed ${seed}: the new node sees that one has left`, () =>
      statusAt(host).groups.some(({ voters }) => !voters.includes(2))
    )
    away.start()
    await world.until(10_000, 'all are ready', () => world.isReady && world.isSettled)
    await world.schedule.run(5000)
    t.equal(statusAt(away).notReadyReason, null, 'and stays so')
    isWell(t, world)
  }
})

t.test('a node that lost its data comes back as a new incarnation', async (t) => {
  const world = await formed(t, 6, 3)
  const host = hostAt(world, 2)
  const node = nodeOf(host)
  host.wipe()
  await world.schedule.run(1000)
  host.start()
  await world.until(60_000, 'it has caught up', () => {
    const [found] = statusAt(hostAt(world, 1)).nodes.filter(({ id }) => id === node)
    return found?.incarnation === 2 && world.isSettled && world.isReady
  })
  isWell(t, world)
})

/** All that the metadata says of the nodes. */
function nodesOf(world: World): unknown {
  return statusAt(hostAt(world, 1)).nodes.map(({ id, incarnation, client }) => ({
    id,
    incarnation,
    client
  }))
}

t.test('a node with another token gets no place', async (t) => {
  const world = await formed(t, 7, 2)
  const before = nodesOf(world)
  const host = world.addHost()
  host.token = 'another'
  host.start()
  const refused = await ask(world, hostAt(world, 1), { type: 'add-node', peer: host.address })
  t.equal(codeOf(refused), 'JOIN_TOKEN_WRONG')
  await world.schedule.run(3000)
  t.same(nodesOf(world), before)
  isWell(t, world)
})

t.test('a stranger at the address of a dead member does not take its place', async (t) => {
  const world = await formed(t, 8, 3)
  const host = hostAt(world, 3)
  const before = nodesOf(world)
  const { disk } = host
  host.wipe()
  host.token = 'another'
  host.start()
  await world.schedule.run(20_000)
  t.same(nodesOf(world), before)
  host.crash()
  host.disk = disk
  host.token = ''
  host.start()
  await world.until(20_000, 'the true one is back', () => world.isSettled && world.isReady)
  t.same(nodesOf(world), before)
  isWell(t, world)
})

t.test('a node that will not take its place loses it, and the operation ends', async (t) => {
  const world = await formed(t, 9, 2)
  const before = nodesOf(world)
  const host = world.addHost()
  host.start()
  // It is another process that is offered the place than the one that was asked.
  world.observers.push({
    stepped(_, __, outputs) {
      if (outputs.some((output) => output.type === 'probe-peer' && output.adopt !== null)) {
        host.token = 'another'
      }
    }
  })
  const request = { type: 'add-node', peer: host.address } as const
  const { id } = operationOf(await ask(world, hostAt(world, 2), request))
  t.match((await follow(world, id)).at(-1), {
    state: 'failed',
    node: null,
    error: { code: 'JOIN_TOKEN_WRONG' }
  })
  await world.until(20_000, 'nobody names it', () => !namesNode(world, 3))
  t.same(nodesOf(world), before)
  host.token = ''
  world.observers.pop()
  const again = operationOf(await ask(world, hostAt(world, 2), request))
  t.match((await follow(world, again.id)).at(-1), { state: 'succeeded', node: 4 })
  isWell(t, world)
})
