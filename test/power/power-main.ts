// npm run test:power -- --cuts 100 --who all --mode adversarial Power cuts under load, piece by
// piece, each piece with a cluster of its own; a ledger keeps what was done. Exits with 1 if
// anything confirmed was lost, or anything else is wrong.
import { parseArgs } from 'node:util'
import { campaignFlags, campaignUsage, type Deed, runCampaign } from './campaign.ts'
import { type Cut, PowerRun } from './power-run.ts'

const { values } = parseArgs({
  options: {
    ...campaignFlags('power'),
    cuts: { type: 'string', default: '50' },
    who: { type: 'string', default: 'mix' },
    mode: { type: 'string', default: 'mix' }
  }
})

const usage = `npm run test:power -- [options]
  --cuts N       power cuts in all (50)
  --who WHO      one, majority, all, or mix: whose power is cut (mix)
  --mode MODE    ordered, adversarial, or mix: what the disk does with names (mix)
${campaignUsage('cuts', 'power')}`

const print = (text: string): void => void process.stdout.write(`${text}\n`)

function oneOf<Value extends string>(name: string, value: string, known: readonly Value[]): Value {
  const found = known.find((one) => one === value)
  if (found === undefined) throw new Error(`--${name} is one of ${known.join(', ')}`)
  return found
}

function deedOf({ who, mode, seconds, confirmed, ...rest }: Cut): Deed {
  const nodes = rest.nodes.map(({ node, undone, cut }) => {
    return `node ${node} lost ${undone.length} names and the end of ${cut.length} files`
  })
  const again = rest.isRepeated ? '; once more while it opened' : ''
  const aside = rest.setAside.length === 0 ? '' : `; ${rest.setAside.length} set aside`
  const sentence = `${nodes.join(', ')}${again}${aside}; ${confirmed} confirmed`
  return { kind: `${who}/${mode}`, seconds, sentence, details: { confirmed, ...rest } }
}

async function run(): Promise<boolean> {
  const who = oneOf('who', values.who, ['one', 'majority', 'all', 'mix'])
  const mode = oneOf('mode', values.mode, ['ordered', 'adversarial', 'mix'])
  const { seed, piece, minutes, ledger, resume: isResumed } = values
  const numbers = { seed: Number(seed), piece: Number(piece), minutes: Number(minutes) }
  const options = { name: 'power', total: Number(values.cuts), ...numbers, ledger, isResumed }
  return runCampaign({ ...options, print }, ({ directory, seed, deeds, isOver, note }) => {
    const onCut = (cut: Cut): void => note(deedOf(cut))
    const rate = Number(values.rate)
    return new PowerRun({ directory, seed, cuts: deeds, who, mode, rate, isOver, onCut }).run()
  })
}

if (values.help) print(usage)
else process.exitCode = (await run()) ? 0 : 1
