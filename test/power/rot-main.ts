// npm run test:rot -- --runs 100 Bit rot, or a blank disk, on one node of three under load, piece
// by piece; a ledger keeps what was done. Exits with 1 if anything confirmed was lost, or anything
// else is wrong.
import { parseArgs } from 'node:util'
import { campaignFlags, campaignUsage, type Deed, runCampaign } from './campaign.ts'
import { type Damage, type RotDone, RotRun } from './rot-run.ts'

const { values } = parseArgs({
  options: {
    ...campaignFlags('rot'),
    runs: { type: 'string', default: '50' },
    damage: { type: 'string', default: 'flip' }
  }
})

const usage = `npm run test:rot -- [options]
  --runs N       how often a node is damaged in all (50)
  --damage KIND  flip (1 to 8 bits of a file), or blank (the data is deleted) (flip)
${campaignUsage('runs', 'rot')}`

const print = (text: string): void => void process.stdout.write(`${text}\n`)

function deedOf(damage: Damage, { state, seconds, ...rest }: RotDone): Deed {
  const { rot, isQuarantined, exits, confirmed } = rest
  const kind = rot === null ? `${damage}/${state}` : `${damage}/${rot.kind}/${state}`
  const what = rot === null ? 'all' : `${rot.places.length} bits of ${rot.file}`
  const how = isQuarantined ? 'came back blank' : 'kept its data'
  const ends = exits === 0 ? '' : ` after ${exits} ends`
  const sentence = `${what}; the node ${how}${ends}; ${confirmed} confirmed`
  return { kind, seconds, sentence, details: { state, ...rest } }
}

async function run(): Promise<boolean> {
  const { damage } = values
  if (damage !== 'flip' && damage !== 'blank') throw new Error('--damage is flip or blank')
  const { seed, piece, minutes, ledger, resume: isResumed } = values
  const numbers = { seed: Number(seed), piece: Number(piece), minutes: Number(minutes) }
  const options = { name: 'rot', total: Number(values.runs), ...numbers, ledger, isResumed }
  return runCampaign({ ...options, print }, ({ directory, seed, deeds, isOver, note }) => {
    const onRot = (done: RotDone): void => note(deedOf(damage, done))
    const rate = Number(values.rate)
    return new RotRun({ directory, seed, runs: deeds, damage, rate, isOver, onRot }).run()
  })
}

if (values.help) print(usage)
else process.exitCode = (await run()) ? 0 : 1
