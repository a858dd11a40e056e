// What lies between two hosts: cuts count, clogs hold back, a narrow path carries one thing after
// the other.
import { Random } from '@holdfast/testkit'
import t from 'tap'
import { calmNetwork } from '../../src/plan/calm.ts'
import { Paths } from '../../src/world/paths.ts'

const instant = { ...calmNetwork, delayMsMax: 0 }

t.test('a path is cut as long as one of its cuts is', async (t) => {
  const paths = new Paths(instant, new Random(1))
  const path = paths.path(1, 2)
  path.cuts = 2
  t.equal(paths.isCut(1, 2), true)
  t.equal(paths.isCut(2, 1), false, 'one way')
  t.equal(paths.canTalk(2, 1), false)
  path.cuts = 0
  t.equal(paths.canTalk(1, 2), true)
  path.cuts = 1
  paths.heal()
  t.equal(paths.isCut(1, 2), false)
})

t.test('a clogged path carries nothing until it is free, and a slow one later', async (t) => {
  const paths = new Paths(instant, new Random(1))
  t.equal(paths.arrivalMs(1, 2, 10, 100), 100)
  const path = paths.path(1, 2)
  path.clogUntilMs = 500
  t.equal(paths.arrivalMs(1, 2, 10, 100), 500)
  t.equal(paths.arrivalMs(1, 2, 10, 600), 600)
  path.slowMs = 30
  t.equal(paths.arrivalMs(1, 2, 10, 600), 630)
})

t.test('what a narrow path carries waits for what is before it', async (t) => {
  const paths = new Paths(instant, new Random(1))
  paths.path(1, 2).bytesPerMs = 10
  t.equal(paths.arrivalMs(1, 2, 1000, 0), 100)
  t.equal(paths.arrivalMs(1, 2, 1000, 0), 200)
  t.equal(paths.arrivalMs(1, 2, 1000, 900), 1000)
})

t.test('delays are within the bound, and short ones are more usual', async (t) => {
  const paths = new Paths({ ...calmNetwork, delayMsMean: 10, delayMsMax: 50 }, new Random(1))
  const delays = Array.from({ length: 2000 }, () => paths.delayMs())
  const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length
  t.ok(Math.max(...delays) === 50 && Math.min(...delays) === 0)
  t.ok(mean > 7 && mean < 11, `${mean} ms`)
})
