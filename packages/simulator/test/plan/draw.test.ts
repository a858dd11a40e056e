// What seeds draw: the same seed the same, every kind of fault in some seeds and not in others, and
// data that survives a file.
import t from 'tap'
import { type FaultKind, faultKinds } from '../../src/faults/kinds.ts'
import { drawPlan } from '../../src/plan/draw.ts'

const plans = Array.from({ length: 300 }, (_, i) => drawPlan(i + 1))

t.test('a seed draws the same plan each time, and another than others', async (t) => {
  t.same(drawPlan(7), drawPlan(7))
  t.equal(new Set(plans.map((plan) => JSON.stringify(plan))).size, plans.length)
  t.same(JSON.parse(JSON.stringify(drawPlan(7))), drawPlan(7))
})

t.test('every kind of fault is in some seeds, and off in about half of them', async (t) => {
  const long = plans.filter(({ faults }) => faults.length > 100)
  t.ok(long.length > 10)
  for (const kind of Object.keys(faultKinds) as FaultKind[]) {
    t.ok(
      plans.some(({ faults }) => faults.some((fault) => fault.kind === kind)),
      `${kind} is drawn`
    )
  }
  const kindsOf = long.map(({ faults }) => new Set(faults.map(({ kind }) => kind)).size)
  const mean = kindsOf.reduce((sum, count) => sum + count, 0) / kindsOf.length
  const half = Object.keys(faultKinds).length / 2
  t.ok(mean > half * 0.7 && mean < half * 1.2, `${mean} kinds a seed`)
})

t.test('clusters have one to seven nodes, and one to two hundred shards', async (t) => {
  t.same([...new Set(plans.map(({ nodes }) => nodes))].sort(), [1, 2, 3, 4, 5, 6, 7])
  const shards = plans.map(({ tuning }) => tuning.shardsAtBootstrap ?? 0)
  t.ok(Math.min(...shards) === 1 && Math.max(...shards) > 8)
})

t.test('a long storm lasts an hour, with faults all the time, and clients that rest', async (t) => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const { stormMs, faults, leisure, tuning } = drawPlan(seed, true)
    // Each of many shards has its price.
    t.equal(stormMs, (tuning.shardsAtBootstrap ?? 0) > 8 ? 600_000 : 3_600_000)
    t.equal(leisure, 100)
    t.equal(drawPlan(seed).leisure, undefined)
    t.ok(faults.length > 30 && faults.length < 900, `${faults.length} faults`)
    t.ok((faults.at(-1)?.atMs ?? 0) > stormMs * 0.8)
  }
})
