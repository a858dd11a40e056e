// npm run sim -- --seed 42 --trace     npm run sim -- --seeds 100     npm run sim -- --hours 2
// Simulated clusters, one a seed. Exits with 1 if one broke a promise.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Campaign } from './campaign/campaign.ts'
import { Ledger } from './campaign/ledger.ts'
import { resultOf, type SeedResult } from './campaign/result.ts'
import { isPassed, renderSummary, summarise } from './campaign/summary.ts'
import { minimise } from './minimise.ts'
import { drawPlan } from './plan/draw.ts'
import type { Plan } from './plan/plan.ts'
import { type Outcome, runPlan } from './run.ts'
import { keepSchedule, readSchedule } from './schedules.ts'

const usage = `npm run sim -- [options]
  --seed S         one seed; with --trace, one line for each event in it
  --replay FILE    one plan that was kept; likewise
  --minimise S     makes the plan of a failing seed small, and keeps it
  --seeds N        so many seeds (50), from --from S (1)
  --hours H        as many seeds as it takes for so many simulated hours
  --long           storms of an hour, whatever is done with a seed
  --jobs N         threads (one for each processor)
  --minutes M      begins no seed after this; with a ledger, the next call goes on
  --ledger FILE    a JSON line for each seed; what is in it is not run again
  --keep           makes plans of seeds that failed small, and keeps them
`

const flags = {
  seed: { type: 'string' },
  replay: { type: 'string' },
  minimise: { type: 'string' },
  trace: { type: 'boolean', default: false },
  seeds: { type: 'string' },
  from: { type: 'string', default: '1' },
  hours: { type: 'string' },
  long: { type: 'boolean', default: false },
  jobs: { type: 'string', default: String(availableParallelism()) },
  minutes: { type: 'string' },
  ledger: { type: 'string' },
  keep: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false }
} as const

/** Runs to make one plan small. */
const runsMax = 300
/** Seeds that are made small after one campaign. */
const keptMax = 3
const progressMs = 10_000

const { values } = parseArgs({ options: flags })
/** What of a command line a seed is to be run again with. */
const long = values.long ? ' --long' : ''
const print = (text: string): void => void process.stdout.write(`${text}\n`)
const planOf = (seed: number): Plan => drawPlan(seed, values.long)
const numberOf = (text: string | undefined): number | null =>
  text === undefined ? null : Number(text)

function describe({ seed, hash, failures, ...rest }: SeedResult): string {
  const { published, deliveries, virtualMs, realMs } = rest
  const speed = (virtualMs / Math.max(1, realMs)).toFixed(1)
  const what = `${published} published, ${deliveries} delivered in ${virtualMs} ms (${speed}×)`
  return `seed ${seed} ${hash} ${failures.length === 0 ? 'ok' : 'FAILED'}: ${what}`
}

function printFailures({ failures }: Outcome | SeedResult, command: string): void {
  for (const failure of failures) print(`  ${failure}`)
  if (failures.length === 0) return
  print(`  again: npm run sim -- ${command} --trace`)
  process.exitCode = 1
}

/** Runs one plan, and says what came of it. */
async function runOne(plan: Plan, command: string): Promise<void> {
  const startedMs = performance.now()
  const outcome = await runPlan(plan, { isTraced: values.trace })
  if (values.trace) for (const line of outcome.lines) print(line)
  print(describe(resultOf(plan.seed, outcome, performance.now() - startedMs)))
  printFailures(outcome, command)
}

async function keep(seed: number): Promise<void> {
  const fails = async (plan: Plan): Promise<boolean> => (await runPlan(plan)).failures.length > 0
  const progress = ({ faults, nodes }: Plan, runs: number): void => {
    print(`  ${runs} runs: ${faults.length} faults, ${nodes} nodes`)
  }
  const plan = await minimise(planOf(seed), { fails, runsMax, progress })
  const { failures } = await runPlan(plan)
  if (failures.length === 0) return print(`seed ${seed} does not fail`)
  const path = keepSchedule({
    name: `seed-${seed}${values.long ? '-long' : ''}`,
    showed: failures[0] ?? '',
    plan
  })
  print(`kept: ${path}`)
}

async function runMany(): Promise<void> {
  const ledger = new Ledger(values.ledger ?? null)
  let saidMs = performance.now()
  const finished = (result: SeedResult): void => {
    const isFailed = result.failures.length > 0
    if (isFailed) print(describe(result))
    printFailures(result, `--seed ${result.seed}${long}`)
    if (performance.now() - saidMs < progressMs) return
    saidMs = performance.now()
    const { seeds, failed, virtualMs } = summarise(ledger.results.values())
    const hours = (virtualMs / 3_600_000).toFixed(2)
    print(`${seeds} seeds, ${hours} simulated hours, ${failed.length} failed`)
  }
  const hours = numberOf(values.hours)
  const campaign = new Campaign({
    ledger,
    from: Number(values.from),
    seeds: numberOf(values.seeds) ?? (hours === null ? 50 : null),
    hours,
    isLong: values.long,
    jobs: Number(values.jobs),
    minutes: numberOf(values.minutes),
    finished
  })
  await campaign.run()
  const summary = summarise(ledger.results.values())
  print(renderSummary(summary))
  if (!isPassed(summary)) process.exitCode = 1
  if (values.keep) for (const { seed } of summary.failed.slice(0, keptMax)) await keep(seed)
}

if (values.help) process.stdout.write(usage)
else if (values.minimise !== undefined) await keep(Number(values.minimise))
else if (values.replay !== undefined) {
  await runOne(readSchedule(values.replay).plan, `--replay ${values.replay}`)
} else if (values.seed !== undefined) {
  await runOne(planOf(Number(values.seed)), `--seed ${values.seed}${long}`)
} else await runMany()
