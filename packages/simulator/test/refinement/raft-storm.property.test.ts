// Every step of a group in bad weather is an action of the specification. A failing seed is
// printed; `node raft-storm.property.test.js SEED 1` repeats it alone, `SEED COUNT` runs so many.
import { argv } from 'node:process'
import t from 'tap'
import type { ActionCounts } from '../../src/refinement/replica-watch.ts'
import { actions } from '../../src/refinement/step.ts'
import { RaftStorm } from './raft-storm.ts'

const seedCount = 80
const stepsEach = 5000

t.test('every step in any weather is an action of the specification', async (t) => {
  const [first = 1, count = seedCount] = argv.slice(2).map(Number)
  const counts: ActionCounts = new Map()
  let steps = 0
  for (let seed = first; seed < first + count; seed += 1) {
    const storm = new RaftStorm(seed, counts)
    storm.run(stepsEach)
    steps += storm.steps
    if (storm.findings.length === 0) continue
    t.same(storm.findings, [], `seed ${seed}, step ${storm.steps}`)
    break
  }
  t.ok(steps > 0, `${steps} steps`)
  t.comment(JSON.stringify(Object.fromEntries(counts)))
  if (count < seedCount) return
  for (const action of actions) t.ok((counts.get(action) ?? 0) > 0, `${action} was taken`)
})
