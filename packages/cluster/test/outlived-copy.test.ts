// A node whose whole directory is put back from a copy made before its cluster grew takes itself
// for the only voter of each group. It must not lead the others, nor cost them their members, nor
// what was confirmed.
import { History, type Host, Operator, Publisher, World } from '@holdfast/simulator'
import t from 'tap'
import { answerTo, passUntil, restoring } from './past-disks.ts'

async function grow(seed: number) {
  const world = new World(seed)
  await world.form(1)
  const [first] = world.hosts
  if (first === undefined) throw new Error('no host')
  const client = new Operator(world, 'client')
  await answerTo(world, client, { type: 'declare-queue', name: 'q', options: {} })
  await world.schedule.run(1000)
  const restore = restoring(first)
  const others: Host[] = []
  for (let count = 0; count < 2; count++) {
    const host = world.addHost()
    others.push(host)
    host.start()
    first.process?.admin({ type: 'add-node', peer: host.address }, () => undefined)
    await world.schedule.run(300)
  }
  const isGrown = (): boolean => {
    const { nodes = [], groups = [] } = first.process?.member.status() ?? {}
    return nodes.length === 3 && groups.every(({ voters }) => voters.length === 3)
  }
  await passUntil(world, 60_000, () => world.isReady && world.isSettled && isGrown())
  const history = new History(world)
  /** So many more; whether all were confirmed in time. */
  const publish = async (name: string, messages: number): Promise<boolean> => {
    const routes = [{ exchange: '', routingKey: 'q', queues: ['q'], mandatory: true }]
    const publisher = new Publisher(world, name, { history, routes, messages })
    return await passUntil(world, 60_000, () => publisher.isDone)
  }
  return { world, first, others, client, publish, restore }
}

for (const seed of [11, 12, 13]) {
  t.test(`it halts, and the others go on (seed ${seed})`, async (t) => {
    const { world, first, others, client, publish, restore } = await grow(seed)
    t.ok(await publish('before', 100))
    first.crash()
    restore()
    world.mayHalt = true
    client.preferred = others[0] ?? null
    client.reconnect()
    await world.schedule.run(3000)
    first.start()
    await world.schedule.run(15_000)
    for (const { process } of others) {
      const { ready, groups = [] } = process?.member.status() ?? {}
      t.ok(ready)
      for (const { id, leader, voters } of groups) {
        t.same(voters, [1, 2, 3], `group ${id} keeps its members`)
        t.ok(leader !== null, `group ${id} has a leader`)
      }
    }
    t.match(first.process?.member.status().notReadyReason, /halted/)
    let ready: unknown = null
    client.ask({ type: 'inspect-queue', name: 'q' }, (_error, result) => {
      ready = (result as { ready: number } | null)?.ready
    })
    t.ok(await passUntil(world, 20_000, () => ready !== null))
    t.equal(ready, 100)
  })
}
