// The whole cluster under three hundred seeds, the same ones each time: what is promised holds
// whatever befalls nodes, links and disks. What passes once passes always.
import { once } from 'node:events'
import { availableParallelism, constants, setPriority } from 'node:os'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import type { SeedOutcome, Stretch } from './seeds-thread.ts'

// They work without a pause, and take what the tests beside them leave of the machine, which mostly
// wait: as long as those last.
t.setTimeout(1_500_000)
setPriority(constants.priority.PRIORITY_LOW)

const seeds = 300
/**
 * Each compiles all code for itself and has a heap of its own: many cost more than they save. All
 * processors are theirs while the tests beside wait.
 */
const threads = Math.min(4, availableParallelism())
/** What lives for a step and no longer should be gone before anybody looks at it. */
const resourceLimits = { maxYoungGenerationSizeMb: 128 }

async function run(stretch: Stretch): Promise<readonly SeedOutcome[]> {
  const outcomes: SeedOutcome[] = []
  const file = new URL('./seeds-thread.js', import.meta.url)
  const worker = new Worker(file, { workerData: stretch, resourceLimits })
  worker.on('message', (outcome: SeedOutcome) => outcomes.push(outcome))
  await once(worker, 'exit')
  return outcomes
}

t.test('what is promised holds under any weather', async (t) => {
  const share = Math.ceil(seeds / threads)
  const stretches = Array.from({ length: threads }, (_, thread) => ({
    first: 1 + thread * share,
    last: Math.min(seeds, (thread + 1) * share)
  }))
  const outcomes = (await Promise.all(stretches.map(run))).flat()
  t.equal(outcomes.length, seeds)
  for (const { seed, failures, lines } of outcomes) {
    if (failures.length === 0) continue
    for (const line of lines) t.comment(line)
    t.same(failures, [], `seed ${seed}`)
  }
  const sum = (of: (outcome: SeedOutcome) => number): number =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0)
  const published = sum((outcome) => outcome.published)
  const redeliveries = sum((outcome) => outcome.redeliveries)
  t.ok(published > seeds * 200, `${published} messages published`)
  t.ok(redeliveries > seeds * 30, `${redeliveries} redeliveries`)
})
