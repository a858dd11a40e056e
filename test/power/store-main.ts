// npm run test:power-store -- --cuts 500 Power cuts of one store without a cluster, several a
// second. Exits with 1 if anything acknowledged was lost; the directory is kept then.
import { parseArgs } from 'node:util'
import { removeDirectory } from '@holdfast/testkit'
import { runDirectory } from '../chaos/chaos-run.ts'
import { StoreCuts } from './store-cuts.ts'

const { values } = parseArgs({
  options: {
    cuts: { type: 'string', default: '100' },
    mode: { type: 'string', default: 'mix' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    help: { type: 'boolean', default: false }
  }
})

const usage = `npm run test:power-store -- [options]
  --cuts N       power cuts in all (100)
  --mode MODE    ordered, adversarial, or mix (mix)
  --seed N       of moments and images; printed (random)
`

const print = (text: string): void => void process.stdout.write(`${text}\n`)

async function run(): Promise<boolean> {
  const { mode } = values
  if (mode !== 'ordered' && mode !== 'adversarial' && mode !== 'mix') {
    throw new Error('--mode is ordered, adversarial or mix')
  }
  const directory = runDirectory('store')
  const [cuts, seed] = [Number(values.cuts), Number(values.seed)]
  print(`store: seed ${seed}, ${cuts} cuts, ${mode}`)
  const onCut = (number: number): void => {
    if (number % 50 === 0) print(`${number}/${cuts}`)
  }
  const report = await new StoreCuts({ directory, seed, cuts, mode, onCut }).run()
  const isSound = report.failures.length === 0
  for (const failure of report.failures) print(failure)
  print(`${report.acknowledged} records acknowledged, ${report.lossy} cuts took something back`)
  if (isSound) removeDirectory(directory)
  else print(`the directory is kept: ${directory}`)
  print(isSound ? 'PASS' : 'FAIL')
  return isSound
}

if (values.help) print(usage)
else process.exitCode = (await run()) ? 0 : 1
