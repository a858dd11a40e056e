// When a node is cut off, and what becomes of its clients: one that is prefers other nodes, and one
// whose cluster is dead keeps them.
import type { Configuration } from '@holdfast/raft'
import { Operator, World } from '@holdfast/simulator'
import t from 'tap'
import { replicaOf } from '../../src/consensus/replica-id.ts'
import type { Core } from '../../src/core.ts'
import { times } from '../../src/limits.ts'
import { coreWith } from '../part-core.ts'

/** Node 1 of a metadata group of `count` voters. */
function nodeOf(count: number): Core {
  const voters = Array.from({ length: count }, (_, at) => replicaOf(at + 1, 1))
  const configuration: Configuration = { voters, outgoing: [], learners: [] }
  const core = coreWith()
  core.metadata.group = { raft: { configuration } } as unknown as typeof core.metadata.group
  return core
}

function pass({ contact }: Core, ticks: number): void {
  for (let tick = 0; tick < ticks; tick++) contact.tick(1)
}

t.test('a node that hears no majority is cut off until it does', async (t) => {
  const core = nodeOf(5)
  for (const node of [2, 3, 4, 5]) core.contact.heard(node)
  pass(core, times.contactTicks - 1)
  t.notOk(core.contact.isCutOff, 'they may speak yet')
  core.contact.heard(2)
  pass(core, 1)
  t.ok(core.contact.isCutOff, 'three of five are a majority without it')
  core.contact.heard(5)
  pass(core, 1)
  t.notOk(core.contact.isCutOff)
})

t.test('nodes that have ended can be no majority', async (t) => {
  const core = nodeOf(3)
  core.contact.heard(2)
  core.contact.heard(3)
  core.contact.gone(3)
  pass(core, times.contactTicks)
  t.notOk(core.contact.isCutOff, 'one of three is none')
  core.contact.heard(3)
  pass(core, times.contactTicks)
  t.ok(core.contact.isCutOff, 'it has started again, and fallen silent')
})

t.test('a node is heard of late, or was silent too long, or never spoke', async (t) => {
  const core = nodeOf(3)
  core.contact.heard(2)
  pass(core, times.contactTicks - 1)
  t.same([core.contact.isHeard(2), core.contact.isHeard(3)], [true, false])
  pass(core, 1)
  t.notOk(core.contact.isHeard(2))
})

t.test('of two nodes none can do without the other', async (t) => {
  const core = nodeOf(2)
  pass(core, 2 * times.contactTicks)
  t.notOk(core.contact.isCutOff)
})

t.test('a process that was held up has not listened', async (t) => {
  const core = nodeOf(3)
  core.contact.tick(10 * times.contactTicks)
  t.notOk(core.contact.isCutOff)
})

t.test('clients leave a node that is cut off, and one that comes is refused', async (t) => {
  const world = new World(5)
  t.ok(await world.form(3))
  const [cut, ...others] = world.hosts
  const client = new Operator(world, 'client')
  client.preferred = cut ?? null
  t.ok(await world.until(2000, 'the client is let in', () => client.isOpen))
  const mends = others.flatMap((other) => [
    world.network.cut(cut?.number ?? 0, other.number),
    world.network.cut(other.number, cut?.number ?? 0)
  ])
  const sinceMs = world.schedule.nowMs
  t.ok(await world.until(2500, 'the client is sent away', () => !client.isOpen))
  t.ok(world.schedule.nowMs - sinceMs >= 1000, 'not for a moment of silence')
  await world.schedule.run(1000)
  t.notOk(client.isOpen, 'it is not taken back')
  client.preferred = others[0] ?? null
  let outcome: string | null = 'unanswered'
  client.ask({ type: 'declare-queue', name: 'q', options: {} }, (error) => {
    outcome = error?.code ?? null
  })
  t.ok(await world.until(5000, 'another node serves it', () => client.isIdle))
  t.equal(outcome, null)
  for (const mend of mends) mend()
  client.preferred = cut ?? null
  client.reconnect()
  t.ok(await world.until(5000, 'it may come back', () => client.isOpen))
  t.same(world.failures, [])
})

t.test('clients stay where the others have ended', async (t) => {
  const world = new World(6)
  t.ok(await world.form(3))
  const [alone, ...others] = world.hosts
  const client = new Operator(world, 'client')
  client.preferred = alone ?? null
  t.ok(await world.until(2000, 'the client is let in', () => client.isOpen))
  for (const other of others) other.crash()
  for (let step = 0; step < 100; step += 1) {
    await world.schedule.run(50)
    if (!client.isOpen) t.fail(`the client was sent away after ${step * 50} ms`)
  }
  t.ok(client.isOpen)
})
