// The campaign of one target, as `fuzz-main.ts` starts it: a process that measures nothing else.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { BlockCoverage } from './block-coverage.ts'
import { type CampaignResult, runCampaign } from './campaign.ts'
import { corpusInputs, workDirectory, writeCorpus } from './corpus.ts'
import { ledger } from './ledger.ts'
import type { FuzzOptions } from './options.ts'
import { smallCorpus } from './small-corpus.ts'
import { loadTarget } from './target-list.ts'
import { Watchdog } from './watchdog.ts'

/** Far beyond what an input may take: the machine may stand still as well. */
const hangMs = 20_000
const growthMiBMax = 64

const options = JSON.parse(process.argv[2] ?? '{}') as FuzzOptions
const [name = ''] = options.targets
const print = (text: string): void => void process.stdout.write(`${text}\n`)

function lineOf(result: CampaignResult): string {
  const { inputs, seconds, corpus, reached, grownBytes, slowestMs, findings } = result
  const rate = Math.round(inputs / seconds).toLocaleString('en')
  return (
    `${name}: ${inputs.toLocaleString('en')} inputs, ${rate}/s, corpus ${corpus.length}, ` +
    `${reached} characters reached, grown ${(grownBytes / 2 ** 20).toFixed(1)} MiB, ` +
    `slowest ${slowestMs.toFixed(1)} ms, ${findings.length} findings`
  )
}

function show(result: CampaignResult): void {
  print(lineOf(result))
  for (const { error, input } of result.findings) {
    print(`FOUND in ${name}:\n${error}\ninput: ${Buffer.from(input).toString('base64')}`)
  }
}

mkdirSync(workDirectory, { recursive: true })
const coverage = new BlockCoverage()
coverage.start()
const target = await loadTarget(name)
// A piece that is resumed draws on, instead of making the inputs of the piece before.
const pieces = options.isResumed ? ledger.read().filter((line) => line.target === name).length : 0
const seed = options.seed + pieces
const watchdog = new Watchdog(join(workDirectory, `hang-${name}.txt`), target.bytesMax, hangMs)
const result = await runCampaign({
  target,
  corpus: corpusInputs(name, options.isResumed),
  seed,
  inputsMax: options.inputsMax,
  secondsMax: options.secondsMax,
  coverage,
  watchdog,
  onProgress: (progress) => print(lineOf(progress))
})
await watchdog.stop()
writeCorpus(name, result.corpus, false)
if (options.isKept) writeCorpus(name, await smallCorpus(target, result.corpus, coverage), true)
const grownMiB = result.grownBytes / 2 ** 20
ledger.append({
  target: name,
  seed,
  inputs: result.inputs,
  seconds: result.seconds,
  corpus: result.corpus.length,
  reached: result.reached,
  grownMiB,
  slowestMs: result.slowestMs,
  findings: result.findings.map(({ sentence }) => sentence),
  node: process.version
})
show(result)
if (grownMiB > growthMiBMax) print(`FOUND in ${name}: memory grew by ${grownMiB.toFixed(0)} MiB`)
process.exit(result.findings.length > 0 || grownMiB > growthMiBMax ? 1 : 0)
