// A seed decides everything that happens in its run.
import { drawPlan, runPlan } from '@holdfast/simulator'
import t from 'tap'

t.test('two runs of a seed are one', async (t) => {
  for (const seed of [1, 2]) {
    const { hash } = await runPlan(drawPlan(seed))
    const again = await runPlan(drawPlan(seed))
    t.equal(again.hash, hash, `seed ${seed}`)
  }
})
