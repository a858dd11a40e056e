// The whole cluster under many seeds: what is promised holds whatever befalls nodes, links and
// disks. A seed that fails is printed with what happened in it.
import t from 'tap'
import { runScenario, type ScenarioOptions } from './world/scenario.ts'

/** Real time in which new seeds are begun. */
const budgetMs = 15_000
const seedsMax = 200

function optionsOf(seed: number): ScenarioOptions {
  return { nodes: 3 + (seed % 3), stormMs: 8000, messages: 120, membership: seed % 2 === 0 }
}

t.test('what is promised holds under any weather', async (t) => {
  const startedMs = performance.now()
  let published = 0
  let redeliveries = 0
  let seeds = 0
  for (let seed = 1; seed <= seedsMax && performance.now() - startedMs < budgetMs; seed += 1) {
    const outcome = runScenario(seed, optionsOf(seed))
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
