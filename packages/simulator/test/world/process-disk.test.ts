// A disk that stalls completes nothing until the stall is over, or is ended.
import t from 'tap'
import type { Process } from '../../src/world/process.ts'
import { ProcessDisk } from '../../src/world/process-disk.ts'
import { World } from '../../src/world/world.ts'

/** Asks a disk that stalls for ten seconds for something; returns how often it was answered. */
async function stalled() {
  const world = new World(7)
  await world.form(1)
  const [host] = world.hosts
  if (host === undefined) throw new Error('a host stands')
  let answers = 0
  const input = (): void => {
    answers++
  }
  const process = { host, epoch: 99, isAlive: true, input } as unknown as Process
  const disk = new ProcessDisk(process, 0, () => undefined)
  host.diskStallUntilMs = world.schedule.nowMs + 10_000
  disk.read({ type: 'read-blobs', id: 1, group: 9, ids: [] })
  return { world, host, answers: () => answers }
}

t.test('what was asked for is there when the stall is over, not before', async (t) => {
  const { world, answers } = await stalled()
  await world.schedule.run(9900)
  t.equal(answers(), 0)
  await world.schedule.run(1000)
  t.equal(answers(), 1)
})

t.test('what was asked for in a stall that is ended early is there soon after', async (t) => {
  const { world, host, answers } = await stalled()
  await world.schedule.run(2000)
  host.mend()
  await world.schedule.run(1000)
  t.equal(answers(), 1)
})
