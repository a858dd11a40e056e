// The whole cluster under many seeds: what is promised holds whatever befalls nodes, links and
// disks. A seed that fails is printed with what happened in it.
import { drawPlan, runPlan } from '@holdfast/simulator'
import t from 'tap'

/** Real time in which new seeds are begun. */
const budgetMs = 15_000
const seedsMax = 200

t.test('what is promised holds under any weather', async (t) => {
  const startedMs = performance.now()
  let published = 0
  let redeliveries = 0
  let seeds = 0
  for (let seed = 1; seed <= seedsMax && performance.now() - startedMs < budgetMs; seed += 1) {
    const outcome = await runPlan(drawPlan(seed))
    published += outcome.published
    redeliveries += outcome.redeliveries
    seeds += 1
    if (outcome.failures.length === 0) continue
    for (const line of outcome.lines) t.comment(line)
    t.same(outcome.failures, [], `seed ${seed}`)
    break
  }
  t.ok(published > seeds * 50, `${seeds} seeds, ${published} messages published`)
  t.ok(redeliveries > 0, `${redeliveries} redeliveries`)
})

t.test('two runs of a seed are one', async (t) => {
  for (const seed of [1, 2]) {
    const { hash } = await runPlan(drawPlan(seed))
    const again = await runPlan(drawPlan(seed))
    t.equal(again.hash, hash, `seed ${seed}`)
  }
})
