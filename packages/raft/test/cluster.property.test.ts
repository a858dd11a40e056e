// Whole groups under hundreds of seeds (see storm.ts). A failing seed is printed; `node
// cluster.property.test.js SEED 1` repeats it alone, `SEED COUNT` runs that many.
import { argv } from 'node:process'
import t from 'tap'
import { runStorm, type Tally } from './storm.ts'

const seedCount = 400

t.test('every seed is safe in every step, and agrees when the weather clears', async (t) => {
  const [first = 1, count = seedCount] = argv.slice(2).map(Number)
  const seeds = Array.from({ length: count }, (_, at) => first + at)
  const total: Tally = { commits: 0, terms: 0, reads: 0, installs: 0, changes: 0 }
  let failed = 0
  for (const seed of seeds) {
    try {
      const tally = runStorm(seed)
      for (const key of Object.keys(total) as (keyof Tally)[]) total[key] += tally[key]
    } catch (error) {
      failed++
      t.fail(`seed ${seed}: ${error instanceof Error ? error.stack : error}`)
      if (failed === 5) break
    }
  }
  t.comment(JSON.stringify(total))
  if (count < seedCount) return
  t.ok(total.commits > seeds.length * 50, 'entries are committed')
  t.ok(total.terms > seeds.length * 3, 'leaders change')
  t.ok(total.reads > seeds.length, 'reads are answered')
  t.ok(total.installs > seeds.length / 10, 'snapshots are installed')
  t.ok(total.changes > seeds.length / 2, 'configurations change')
})
