// The clocks of a host: speed, jumps, standstill.
import { Random } from '@holdfast/testkit'
import t from 'tap'
import { HostClock } from '../../src/world/host-clock.ts'

t.test('a wall clock jumps, stands still and goes on; the other one does neither', async (t) => {
  const clock = new HostClock({ skewMsMax: 0, driftMax: 0 }, new Random(1))
  const startMs = clock.wallMs(0)
  t.equal(clock.wallMs(100) - startMs, 100)
  clock.jump(-50)
  t.equal(clock.wallMs(100) - startMs, 50)
  clock.freeze(100)
  t.equal(clock.wallMs(900) - startMs, 50)
  t.equal(clock.monotonicMs(900), 900)
  clock.thaw()
  t.equal(clock.wallMs(1000) - startMs, 950)
})

t.test('clocks drift within the bound, each its own way', async (t) => {
  const rates = [1, 2, 3, 4].map((seed) => {
    return new HostClock({ skewMsMax: 0, driftMax: 0.04 }, new Random(seed)).rate
  })
  t.ok(rates.every((rate) => Math.abs(rate - 1) <= 0.04))
  t.equal(new Set(rates).size, rates.length)
})
