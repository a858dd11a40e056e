// Random waits stay in their ranges.
import t from 'tap'
import {
  drawElectionTimeoutTicks,
  drawHastyTimeoutTicks,
  drawSuccessionTicks
} from '../src/random.ts'
import { testConfig } from './single-replica.ts'

const ends = [0, 0.9999].map((share) => ({ ...testConfig, random: () => share }))

t.test('an election timeout is one to two timeouts', async (t) => {
  t.same(ends.map(drawElectionTimeoutTicks), [10, 19])
})

t.test('a succession begins within two ticks', async (t) => {
  t.same(ends.map(drawSuccessionTicks), [0, 2])
})

t.test('in haste the range doubles with each attempt, until the ordinary timeout', async (t) => {
  const ranges = [0, 1, 2, 3].map((attempt) =>
    ends.map((config) => drawHastyTimeoutTicks(config, attempt))
  )
  t.same(ranges, [
    [1, 2],
    [1, 4],
    [1, 8],
    [null, null]
  ])
})
