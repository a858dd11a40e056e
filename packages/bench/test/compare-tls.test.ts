// The ratio of TLS to plain, from figures that a test invents.
import t from 'tap'
import { compareTls } from '../src/compare-tls.ts'
import type { Figures } from '../src/measure.ts'

function figures(perSecond: number, nodesMicroseconds: number): Figures {
  const latency = { p50Ms: null, p99Ms: null, maxMs: null }
  return {
    workload: 'W1',
    what: 'publish',
    result: { messages: 1, seconds: 1, perSecond, ...latency },
    microsecondsPerMessage: {},
    nodesMicroseconds,
    otherCores: 0,
    more: {}
  }
}

t.test('turns alternate, and means are compared', async (t) => {
  const turns: boolean[] = []
  const speeds = [1_000, 800, 600, 1_000]
  const all = await compareTls({ names: ['W1'] }, async ({ isSecured = false }) => {
    turns.push(isSecured)
    return [figures(speeds[turns.length - 1] ?? 0, isSecured ? 30 : 20)]
  })
  t.same(turns, [false, true, true, false])
  t.same(
    all.map(({ what, more }) => [what, more]),
    [
      ['publish', {}],
      ['publish', {}],
      ['publish, TLS', { speedRatio: 0.7, costRatio: 1.5 }],
      ['publish, TLS', { speedRatio: 0.7, costRatio: 1.5 }]
    ]
  )
})
