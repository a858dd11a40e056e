// A probe ends, whatever becomes of who was asked: an operation waits for it and for nothing else.
import t from 'tap'
import type { Host } from '../../src/world/host.ts'
import type { Observer } from '../../src/world/observer.ts'
import { World } from '../../src/world/world.ts'

/** A cluster of one, and a blank host beside it. */
async function beside(): Promise<{ world: World; first: Host; blank: Host }> {
  const world = new World(5)
  await world.form(1)
  const blank = world.addHost()
  blank.start()
  await world.schedule.run(100)
  const [first] = world.hosts
  if (first === undefined) throw new Error('a host stands')
  return { world, first, blank }
}

/** How the probes of the first host end. */
function watchProbes(world: World, first: Host): string[] {
  const ends: string[] = []
  const stepped: Observer['stepped'] = (process, inputs) => {
    for (const input of inputs) {
      if (process.host !== first || input.type !== 'probe-done') continue
      ends.push('error' in input.result ? 'no answer' : 'an answer')
    }
  }
  world.observers.push({ stepped })
  return ends
}

/** Has the blank host taken in; true once the operation has ended. */
function takeIn(first: Host, blank: Host): () => boolean {
  let id: string | null = null
  let hasEnded = false
  const ask = (): void => {
    if (id === null) return
    first.process?.admin({ type: 'operation', id }, (result) => {
      if ('error' in result || result.type !== 'operation') return
      hasEnded = result.operation.state === 'succeeded'
    })
  }
  first.process?.admin({ type: 'add-node', peer: blank.address }, (result) => {
    if (!('error' in result) && result.type === 'operation') id = result.operation.id
  })
  return () => {
    ask()
    return hasEnded
  }
}

t.test('who ends before its place is on its disk is given it when it is back', async (t) => {
  const { world, first, blank } = await beside()
  const ends = watchProbes(world, first)
  blank.failsWrite = true
  const hasEnded = takeIn(first, blank)
  t.ok(await world.until(20_000, 'the operation has ended', hasEnded))
  t.ok(ends.includes('no answer'), 'the offer that it did not survive')
  t.ok(world.isReady)
  t.same(world.failures, [])
})

t.test('who answers in time is not given up', async (t) => {
  const { world, first, blank } = await beside()
  const ends = watchProbes(world, first)
  t.ok(await world.until(20_000, 'the operation has ended', takeIn(first, blank)))
  await world.schedule.run(2000)
  t.same(ends, ['an answer', 'an answer', 'an answer'], 'to operator, operation and offer')
})
