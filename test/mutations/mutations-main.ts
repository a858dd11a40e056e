// npm run sim:mutations -- [NAME…]: puts each deliberate bug into the product, and shows whether
// the simulator, or the tests of the shell, catch it. Exits with 1 unless all are caught.
import { join, resolve } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { repositoryRoot } from '@holdfast/testkit'
import { type Quarry, rowsOf, runCampaign } from './campaign.ts'
import { findMutation, mutations } from './catalogue.ts'
import { fingerprintOfCode, Ledger } from './ledger.ts'
import { mutatedModules } from './mutated-modules.ts'
import { readMutationFile } from './mutation-file.ts'
import { renderSummary, renderTable } from './table.ts'

const usage = `npm run sim:mutations -- [options] [NAME…]
  NAME…            mutations of the catalogue (all)
  --list           names them, and does nothing else
  --patch FILE     a mutation, or several, of a file: JSON, or a unified diff; may be repeated
  --seeds-max N    seeds after which a mutation counts as missed (2000)
  --jobs N         mutations at a time (1)
  --minutes M      begins nothing new after so long; the next run goes on from there
  --ledger FILE    (.holdfast/mutations.jsonl)
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'boolean', default: false },
    patch: { type: 'string', multiple: true, default: [] },
    'seeds-max': { type: 'string', default: '2000' },
    jobs: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '100000' },
    ledger: { type: 'string', default: join(repositoryRoot, '.holdfast', 'mutations.jsonl') },
    help: { type: 'boolean', default: false }
  }
})

const print = (text: string): void => void process.stdout.write(`${text}\n`)

function quarriesOf(): readonly Quarry[] {
  const patched = values.patch.flatMap((given) => {
    const path = resolve(given)
    return readMutationFile(path).map((mutation) => ({
      mutation,
      wanted: `${path}#${mutation.name}`
    }))
  })
  const named = positionals.map((name) => ({ mutation: findMutation(name), wanted: name }))
  if (patched.length + named.length > 0) return [...patched, ...named]
  return mutations.map((mutation) => ({ mutation, wanted: mutation.name }))
}

async function main(): Promise<number> {
  if (values.help) {
    print(usage)
    return 0
  }
  const quarries = quarriesOf()
  if (values.list) {
    for (const { mutation } of quarries) {
      print(`${mutation.name}  (${mutation.failureMode ?? '-'})  ${mutation.file}`)
    }
    return 0
  }
  // A place that is gone, or what does not parse, is told before anything is tried.
  for (const { mutation } of quarries) mutatedModules(mutation)
  const ledger = new Ledger(values.ledger, fingerprintOfCode())
  const seedsMax = Number(values['seeds-max'])
  const untilMs = performance.now() + Number(values.minutes) * 60_000
  await runCampaign(quarries, { ledger, seedsMax, jobs: Number(values.jobs), untilMs, say: print })
  const rows = rowsOf(quarries, ledger, seedsMax)
  print(`\n${renderTable(rows)}\n\n${renderSummary(rows)}`)
  return rows.every(({ state }) => state === 'caught') ? 0 : 1
}

process.exitCode = await main()
