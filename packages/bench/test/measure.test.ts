// Figures from spans: cost a message by process, disturbance told, samples bounded.
import t from 'tap'
import { Samples } from '../src/job.ts'
import { figuresOf, renderFigures } from '../src/measure.ts'

const result = { messages: 1_000, seconds: 2, perSecond: 500, p50Ms: 1.5, p99Ms: 9, maxMs: null }

t.test('cost a message is the sum over the nodes', async (t) => {
  const byName = { 'node 1': 0.01, 'node 2': 0.005, client: 0.002, bench: 0.001 }
  const figures = figuresOf('W1', 'publish', result, { seconds: 2, byName, otherSeconds: 0.1 })
  t.equal(Math.round(figures.nodesMicroseconds), 15)
  t.equal(figures.microsecondsPerMessage['client'], 2)
  t.equal(figures.otherCores, 0.05)
  t.notMatch(renderFigures([figures]), /DISTURBED/)
})

t.test('says when something else used the processor', async (t) => {
  const span = { seconds: 2, byName: {}, otherSeconds: 1 }
  t.match(renderFigures([figuresOf('W1', 'publish', result, span)]), /DISTURBED.*0.500 of a core/)
})

t.test('samples stay bounded and keep their quantiles', async (t) => {
  const samples = new Samples()
  t.same(samples.summary(), { p50Ms: null, p99Ms: null, maxMs: null })
  for (let ms = 1; ms <= 1_000_000; ms += 1) samples.add(ms)
  const { p50Ms, p99Ms } = samples.summary()
  t.ok(Math.abs((p50Ms ?? 0) - 500_000) < 5_000, `p50 ${p50Ms}`)
  t.ok(Math.abs((p99Ms ?? 0) - 990_000) < 5_000, `p99 ${p99Ms}`)
})
