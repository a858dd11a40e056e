// Disks that went back in time, under whole clusters: one of them costs its node a new start, and
// the end of a shard's log on all of them costs what it held, but not the shard's queues.
import { History, type Host, Operator, Publisher, World } from '@holdfast/simulator'
import t from 'tap'
import { answerTo, passUntil, restoring } from './past-disks.ts'

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

/** Publishes through one host, while it runs. */
class PublisherAt extends Publisher {
  host: Host | null = null

  protected override choose(): Host | null {
    return this.host?.isRunning === true ? this.host : null
  }
}

/**
 * A cluster whose first host has published to `q` and has now ended, its disk as it was before its
 * last process; the others have begun anew, so that no leader knows what it had acknowledged.
 */
async function formRestored(seed: number) {
  const world = new World(seed)
  await world.form(3)
  const [host, ...others] = world.hosts
  if (host === undefined) throw new Error('no host')
  const client = new Operator(world, 'client')
  client.preferred = others[0] ?? null
  await answerTo(world, client, { type: 'declare-queue', name: 'q', options: {} })
  await world.schedule.run(3000)
  host.crash()
  const restore = restoring(host)
  host.start()
  await passUntil(world, 20_000, () => world.isReady)
  const history = new History(world)
  /** Publishes through the host; whether all of it was decided in time. */
  const publish = async (name: string, messages: number): Promise<boolean> => {
    const routes = [{ exchange: '', routingKey: 'q', queues: ['q'], mandatory: true }]
    const publisher = new PublisherAt(world, name, { history, routes, messages, batchMax: 1 })
    publisher.host = host
    return await passUntil(world, 90_000, () => publisher.isDone)
  }
  const countReady = async (): Promise<unknown> => {
    let ready: unknown = null
    client.ask({ type: 'inspect-queue', name: 'q' }, (_error, result) => {
      ready = (result as { ready: number }).ready
    })
    await passUntil(world, 20_000, () => ready !== null)
    return ready
  }
  /** The name that the host gives to a queue without one. */
  const nameQueue = async (): Promise<unknown> => {
    const asking = new Operator(world, 'asking')
    asking.preferred = host
    let name: unknown = null
    asking.ask(
      { type: 'declare-queue', name: '', options: { exclusive: true } },
      (_error, result) => {
        name = (result as { name: string } | null)?.name ?? ''
      }
    )
    await passUntil(world, 20_000, () => name !== null)
    return name
  }
  await publish('before', 50)
  const name = await nameQueue()
  host.crash()
  restore()
  for (const other of others) other.crash()
  for (const other of others) other.start()
  await passUntil(world, 20_000, () => world.isReady)
  return { world, host, history, publish, countReady, name, nameQueue }
}

t.test('what comes through a node with an earlier copy of its disk is stored', async (t) => {
  const { world, host, name, ...made } = await formRestored(9)
  const { history, publish, countReady, nameQueue } = made
  host.start()
  t.ok(await passUntil(world, 20_000, () => world.isReady))
  t.ok(await publish('after', 20))
  t.same([...history.outcomes()], ['confirmed'])
  t.equal(await countReady(), 70)
  t.match(name, /^amq\.gen-/)
  const later = await nameQueue()
  t.match(later, /^amq\.gen-/)
  t.not(later, name)
})

t.test('such a node comes back blank if its clock has gone back as well', async (t) => {
  const { world, host, history, publish, countReady } = await formRestored(9)
  host.clock.jump(-3_600_000)
  host.start()
  t.ok(await passUntil(world, 20_000, () => world.isReady))
  t.ok(await publish('after', 20))
  t.equal(host.process?.identity?.incarnation, 2)
  t.same([...history.outcomes()], ['confirmed'])
  t.equal(await countReady(), 70)
})

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
