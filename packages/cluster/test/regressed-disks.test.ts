// Disks that went back in time, under whole clusters: one of them costs its node a new start, and
// the end of a shard's log on all of them costs what it held, but not the shard's queues.
import type { ClientRequest } from '@holdfast/protocol'
import { type Host, Operator, World } from '@holdfast/simulator'
import t from 'tap'

/** What a host had before: the index of each group's last entry. */
type Ends = ReadonlyMap<number, number>

function endsOf({ disk }: Host): Ends {
  return new Map([...disk.groups].map(([group, { lastIndex }]) => [group, lastIndex]))
}

/** The group's log ends where it did, as if nothing had been written since. */
function takeBack({ disk }: Host, group: number, end: number): void {
  const state = disk.groups.get(group)
  if (state === undefined) throw new Error(`the disk has no group ${group}`)
  for (const index of state.entries.keys()) if (index > end) state.entries.delete(index)
  state.lastIndex = Math.min(state.lastIndex, end)
  const commit = Math.min(state.hardState.commit, end)
  state.hardState = { ...state.hardState, commit }
}

/** Nobody watches: what such disks do is a breach of much that is checked. */
async function passUntil(world: World, limitMs: number, isDone: () => boolean): Promise<boolean> {
  const endMs = world.schedule.nowMs + limitMs
  while (!isDone() && world.schedule.nowMs < endMs) await world.schedule.run(50)
  return isDone()
}

async function answerTo(world: World, client: Operator, request: ClientRequest): Promise<string> {
  let answer: string | null = null
  client.ask(request, (error) => {
    answer = error?.code ?? 'done'
  })
  await passUntil(world, 20_000, () => answer !== null)
  return answer ?? 'no answer'
}

t.test('a node whose disk took back what was durable comes back blank', async (t) => {
  const world = new World(7)
  t.ok(await world.form(3))
  await world.schedule.run(5000)
  const statusOf = (host: Host) => host.process?.member.status()
  const [first] = world.hosts
  const leader = first && statusOf(first)?.groups.find(({ id }) => id === 0)?.leader
  const host = world.hosts.find(({ process }) => process?.identity?.node !== leader)
  if (host === undefined) throw new Error('no node follows')
  const client = new Operator(world, 'client')
  client.preferred = world.hosts.find((other) => other !== host) ?? null
  const before = endsOf(host)
  t.equal(await answerTo(world, client, { type: 'declare-queue', name: 'q', options: {} }), 'done')
  await world.schedule.run(1000)
  host.crash()
  takeBack(host, 0, before.get(0) ?? 0)
  const { storeId } = host.disk
  host.start()
  t.ok(await passUntil(world, 60_000, () => host.process?.identity?.incarnation === 2))
  t.not(host.disk.storeId, storeId)
  t.ok(await passUntil(world, 30_000, () => world.isSettled && world.isReady))
})

t.test('queues that a shard lost with the end of its log are there again', async (t) => {
  const world = new World(8)
  t.ok(await world.form(3))
  await world.schedule.run(2000)
  const before = world.hosts.map(endsOf)
  const client = new Operator(world, 'client')
  t.equal(await answerTo(world, client, { type: 'declare-queue', name: 'q', options: {} }), 'done')
  // The metadata has heard that the shard has it, and will not say so again by itself.
  await world.schedule.run(3000)
  for (const [at, host] of world.hosts.entries()) {
    host.crash()
    for (const [group, end] of before[at] ?? []) if (group !== 0) takeBack(host, group, end)
  }
  for (const host of world.hosts) host.start()
  t.ok(await passUntil(world, 20_000, () => world.isReady))
  await world.schedule.run(5000)
  t.equal(await answerTo(world, client, { type: 'purge-queue', name: 'q' }), 'done')
})
