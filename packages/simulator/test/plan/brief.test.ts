// A brief plan is the beginning of the whole one.
import t from 'tap'
import { briefly } from '../../src/plan/brief.ts'
import { drawPlan } from '../../src/plan/draw.ts'

const stormMsMax = 6000

t.test('a storm that is cut short is the beginning of the whole one', async (t) => {
  const plans = Array.from({ length: 40 }, (_, i) => drawPlan(i + 1))
  const long = plans.filter(({ stormMs }) => stormMs > stormMsMax)
  t.ok(long.length > 10)
  for (const plan of long) {
    const { stormMs, faults, tuning, clients, ...rest } = briefly(plan, stormMsMax)
    t.equal(stormMs, stormMsMax)
    t.same(faults, plan.faults.slice(0, faults.length), `seed ${plan.seed}`)
    t.ok((plan.faults[faults.length]?.atMs ?? stormMsMax) >= stormMsMax)
    t.match(plan, rest)
    const { shardsAtBootstrap = 1, ...bounds } = plan.tuning
    t.same(tuning, { ...bounds, shardsAtBootstrap: Math.min(shardsAtBootstrap, 4) })
    const { queues, ...others } = plan.clients
    t.same(clients, { ...others, queues: Math.min(queues, 6) })
  }
})

t.test('a storm that is short already, over few shards and queues, stays as it is', async (t) => {
  const plan = drawPlan(2)
  t.ok((plan.tuning.shardsAtBootstrap ?? 1) <= 4 && plan.clients.queues <= 6)
  t.same(briefly(plan, plan.stormMs), plan)
})
