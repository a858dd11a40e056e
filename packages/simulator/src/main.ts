// npm run sim -- --seed 42 --trace     npm run sim -- --seeds 100 --from 1
// Simulated clusters, one a seed. Exits with 1 if one broke a promise.
import { parseArgs } from 'node:util'
import { optionsOf } from './options.ts'
import { type Outcome, runScenario } from './scenario.ts'

const usage = `npm run sim -- [options]
  --seed S         one seed
  --trace          what happens in it, one line an event
  --seeds N        so many seeds, one after the other (50)
  --from S         the first of them (1)
`

const flags = {
  seed: { type: 'string' },
  trace: { type: 'boolean', default: false },
  seeds: { type: 'string', default: '50' },
  from: { type: 'string', default: '1' },
  help: { type: 'boolean', default: false }
} as const

const { values } = parseArgs({ options: flags })
const print = (text: string): void => void process.stdout.write(`${text}\n`)

/** Runs one seed, and says what came of it. */
async function run(seed: number): Promise<Outcome> {
  const startedMs = performance.now()
  const outcome = await runScenario(seed, optionsOf(seed))
  const { failures, published, deliveries, virtualMs, hash } = outcome
  if (values.trace) for (const line of outcome.lines) print(line)
  const speed = (virtualMs / (performance.now() - startedMs)).toFixed(1)
  const what = `${published} published, ${deliveries} delivered in ${virtualMs} ms (${speed}×)`
  print(`seed ${seed} ${hash} ${failures.length === 0 ? 'ok' : 'FAILED'}: ${what}`)
  for (const failure of failures) print(`  ${failure}`)
  if (failures.length > 0) print(`  again: npm run sim -- --seed ${seed} --trace`)
  return outcome
}

if (values.help) process.stdout.write(usage)
else if (values.seed !== undefined) {
  if ((await run(Number(values.seed))).failures.length > 0) process.exitCode = 1
} else {
  const from = Number(values.from)
  const seeds = Number(values.seeds)
  let failed = 0
  for (let seed = from; seed < from + seeds; seed += 1) {
    if ((await run(seed)).failures.length > 0) failed += 1
  }
  print(`${seeds} seeds, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
}
