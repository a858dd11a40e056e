// A seed decides everything that happens in its run.
import { briefly, drawPlan, runPlan } from '@holdfast/simulator'
import t from 'tap'

t.test('two runs of a seed are one', async (t) => {
  for (const seed of [1, 2]) {
    const plan = briefly(drawPlan(seed), 3000)
    const { hash } = await runPlan(plan)
    const again = await runPlan(plan)
    t.equal(again.hash, hash, `seed ${seed}`)
  }
})
