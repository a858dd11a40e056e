import { runScenario } from './world/scenario.ts'
const from = Number(process.argv[2] ?? 1)
const count = Number(process.argv[3] ?? 1)
const isVerbose = process.argv[4] === 'v'
const t0 = performance.now()
const kinds = new Map<string, number[]>()
let virtual = 0
for (let seed = from; seed < from + count; seed++) {
  const options = { nodes: 3 + (seed % 3), stormMs: 8000, messages: 120, membership: seed % 2 === 0 }
  let outcome
  try {
    outcome = runScenario(seed, options)
  } catch (error) {
    console.log(seed, 'THREW', error instanceof Error ? error.stack : error)
    continue
  }
  virtual += outcome.virtualMs
  if (isVerbose) console.log(outcome.lines.join('\n'))
  if (isVerbose || count < 5) console.log(seed, outcome.published, outcome.deliveries, outcome.redeliveries, outcome.virtualMs)
  for (const failure of outcome.failures.slice(0, 1)) {
    const kind = failure.replace(/at \d+ ms: /, '').replace(/\d+/g, 'N').slice(0, 300)
    kinds.set(kind, [...(kinds.get(kind) ?? []), seed])
    console.log(seed, failure.slice(0, 600))
  }
}
console.log(performance.now() - t0, 'ms', virtual, 'virtual')
for (const [kind, seeds] of kinds) console.log(seeds.length, kind.slice(0, 120), seeds.slice(0, 8).join(' '))
