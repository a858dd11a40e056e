// A seed decides everything that happens in its run.
import { briefly, drawPlan, runPlan } from '@holdfast/simulator'
import t from 'tap'

t.test('two runs of a seed are one', async (t) => {
  // A few nodes with a few groups, and a few nodes with many.
  for (const seed of [6, 35]) {
    const plan = briefly(drawPlan(seed), 300)
    const { hash } = await runPlan(plan)
    const again = await runPlan(plan)
    t.equal(again.hash, hash, `seed ${seed}`)
  }
})
