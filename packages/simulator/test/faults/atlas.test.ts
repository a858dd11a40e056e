// What may be destroyed: one host at a time, where three sound copies are in place, and not before
// it is whole again another one.
import t from 'tap'
import { Atlas } from '../../src/faults/atlas.ts'
import { World } from '../../src/world/world.ts'

async function formed(count: number): Promise<World> {
  const world = new World(3)
  await world.form(count)
  await world.until(10_000, 'all copies are whole', () => {
    return count < 3 || new Atlas(world, false).isWhole
  })
  return world
}

t.test('a second host may lose something when the first is whole again', async (t) => {
  const world = await formed(3)
  const atlas = new Atlas(world, false)
  const [first, second] = world.hosts
  if (first === undefined || second === undefined) throw new Error('three hosts stand')
  t.equal(atlas.impair(first), true)
  t.equal(atlas.impair(first), true, 'what is lost can be lost again')
  first.wipe()
  t.equal(atlas.impair(second), false)
  first.start()
  await world.schedule.run(200)
  t.equal(atlas.impair(second), false, 'it is back, and has nothing')
  t.ok(await world.until(60_000, 'it has all again', () => atlas.isWhole))
  t.equal(atlas.impair(second), true)
  second.wipe()
  t.equal(atlas.impair(first), false)
  t.same(world.failures, [])
})

t.test('what is lost cannot be lost again when a member has left since', async (t) => {
  const world = await formed(3)
  const atlas = new Atlas(world, false)
  const [first, second, third] = world.hosts
  if (first === undefined || second === undefined) throw new Error('three hosts stand')
  t.equal(atlas.impair(first), true)
  first.wipe()
  first.start()
  t.ok(await world.until(60_000, 'it has all again', () => atlas.isWhole))
  const node = third?.process?.identity?.node ?? 0
  second.process?.admin({ type: 'remove-node', node }, () => undefined)
  t.ok(await world.until(60_000, 'the third has left', () => third?.isRemoved === true))
  await world.until(60_000, 'two are left', () => world.isSettled && world.isReady)
  t.equal(atlas.impair(first), false, 'of two voters none can be spared')
  t.same(world.failures, [])
})

t.test('rot counts as long as it is there', async (t) => {
  const world = await formed(3)
  const atlas = new Atlas(world, false)
  const [first, second] = world.hosts
  if (first === undefined || second === undefined) throw new Error('three hosts stand')
  t.equal(atlas.impair(first), true)
  t.ok(first.disk.rotEntries(0, () => true) > 0)
  t.equal(atlas.isWhole, false)
  t.equal(atlas.isSound, false)
  t.equal(atlas.impair(second), false)
})

t.test('a small cluster may lose nothing, unless it is to be too much', async (t) => {
  const world = await formed(1)
  const [host] = world.hosts
  if (host === undefined) throw new Error('one host stands')
  t.equal(new Atlas(world, false).impair(host), false)
  t.equal(new Atlas(world, false).misleadClock(host), false, 'it has the only clock')
  t.equal(new Atlas(world, true).impair(host), true)
  t.equal(new Atlas(world, true).misleadClock(host), false, 'a wrong majority would halt nobody')
})

t.test('one clock at a time is set wrong', async (t) => {
  const world = await formed(3)
  const atlas = new Atlas(world, false)
  const [first, second] = world.hosts
  if (first === undefined || second === undefined) throw new Error('three hosts stand')
  t.equal(atlas.mayShrink, true)
  t.equal(atlas.misleadClock(first), true)
  t.equal(atlas.misleadClock(second), false)
  t.equal(atlas.mayShrink, false)
})
