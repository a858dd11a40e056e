// Brief runs of given seeds, the same ones each time: what passes once passes always.
import { briefly, drawPlan, runPlan } from '@holdfast/simulator'
import type { Test } from 'tap'

const stormMsMax = 6000

/** Runs `count` seeds from `first` on; the first that fails is printed with what happened in it. */
export async function assertSeedsHold(t: Test, first: number, count: number): Promise<void> {
  let published = 0
  let redeliveries = 0
  for (let seed = first; seed < first + count; seed += 1) {
    const outcome = await runPlan(briefly(drawPlan(seed), stormMsMax))
    published += outcome.published
    redeliveries += outcome.redeliveries
    if (outcome.failures.length === 0) continue
    for (const line of outcome.lines) t.comment(line)
    t.same(outcome.failures, [], `seed ${seed}`)
    break
  }
  t.ok(published > count * 100, `${published} messages published`)
  t.ok(redeliveries > count * 10, `${redeliveries} redeliveries`)
}
