// Gaps: the longest time without a confirm of one queue that overlaps the time after a fault.
import t from 'tap'
import { GapMeter, median, quantile } from './gap-meter.ts'
import { longGaps } from './report.ts'

const ms = 1e6

/** Confirms queue `queue` at these milliseconds, each published just before. */
function feed(meter: GapMeter, events: readonly (readonly ['fault' | string, number])[]): GapMeter {
  let sequence = 0
  for (const [queue, at] of events) {
    if (queue === 'fault') {
      meter.push({ type: 'fault', at: at * ms, fault: 'kill-leader', node: 1, group: 2 })
      continue
    }
    sequence += 1
    const publish = { publisher: 1, sequence, queue, size: 0, hash: 0 }
    meter.push({ type: 'invoke', at: at * ms, ...publish })
    meter.push({ type: 'ok', at: at * ms, publisher: 1, sequence })
  }
  return meter
}

t.test('the gap of a queue that stood still, not of the others', async (t) => {
  const [gap] = feed(new GapMeter(), [
    ...([
      ['a', 0],
      ['b', 0],
      ['a', 10],
      ['fault', 11],
      ['b', 12],
      ['b', 100]
    ] as const),
    ...([
      ['b', 400],
      ['a', 510],
      ['b', 520],
      ['a', 520]
    ] as const)
  ]).gaps()
  t.equal(gap?.queueMs, 500)
  t.equal(gap?.anyMs, 300)
})

t.test('gaps before a fault are not its own', async (t) => {
  const [gap] = feed(new GapMeter(), [
    ['a', 0],
    ['a', 900],
    ['fault', 901],
    ['a', 905]
  ]).gaps()
  t.equal(gap?.queueMs, 5)
})

t.test('a gap over two faults belongs to both', async (t) => {
  const events = [
    ['a', 0],
    ['fault', 10],
    ['fault', 20],
    ['a', 100],
    ['a', 140]
  ] as const
  const gaps = feed(new GapMeter(), events).gaps()
  t.same(
    gaps.map((gap) => gap.queueMs),
    [100, 100]
  )
})

t.test('a gap after the next fault is only that one’s', async (t) => {
  const events = [
    ['a', 0],
    ['fault', 1],
    ['a', 5],
    ['a', 20],
    ['fault', 30],
    ['a', 99]
  ] as const
  const gaps = feed(new GapMeter(), events).gaps()
  t.same(
    gaps.map((gap) => gap.queueMs),
    [79, 79],
    'it had begun before the second fault'
  )
})

t.test('median and quantiles', async (t) => {
  t.equal(median([]), 0)
  t.equal(median([3, 1, 2]), 2)
  t.equal(median([4, 1, 2, 3]), 2.5)
  t.equal(quantile([5, 1, 9], 0.99), 9)
  t.equal(quantile([], 0.5), 0)
})

t.test('which bound is exceeded is said, and by how much', async (t) => {
  t.same(longGaps({ medianMs: 1_000, maxMs: 5_000 }), [])
  t.same(longGaps({ medianMs: 1_000.6, maxMs: 5_333 }), [
    'the median of the gaps is 1001 ms, and may be 1000 ms',
    'the longest gap is 5333 ms, and may be 5000 ms'
  ])
})
