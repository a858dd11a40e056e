// npm run test:chaos -- --kills 50 --messages 300000 --seed 1 Load over ten queues while leaders
// are killed one after another, then the verdict. Exits with 1 if anything confirmed was lost,
// anything else is wrong, or a gap exceeds its limit.
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { defaultSdk } from '@holdfast/testkit'
import { campaignMain } from './campaign/campaign-main.ts'
import { profileNames } from './campaign/profile.ts'
import { historiesIn, type Judgement, judge, type RunContext, runLoad } from './chaos-run.ts'
import type { SizeProfile } from './message-source.ts'
import {
  longGaps,
  renderGaps,
  renderOutlived,
  renderReport,
  summariseGaps,
  table
} from './report.ts'
import { moduleOf } from './sdk-names.ts'

const flags = {
  kills: { type: 'string', default: '10' },
  messages: { type: 'string', default: '30000' },
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  rate: { type: 'string', default: '1000' },
  publishers: { type: 'string', default: '3' },
  consumers: { type: 'string', default: '3' },
  queues: { type: 'string', default: '10' },
  sizes: { type: 'string', default: 'mixed' },
  requeue: { type: 'string', default: '0' },
  faults: { type: 'string', default: 'kill' },
  competing: { type: 'string', default: '1' },
  hold: { type: 'string', default: '0' },
  sdk: { type: 'string', default: defaultSdk },
  cli: { type: 'string' },
  judge: { type: 'string' },
  keep: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false }
} as const

const usage = `npm run test:chaos -- --profile NAME [--seed N] [--resume LEDGER] [--minutes N]
  a campaign: ${profileNames.join(', ')}; see docs/internals/chaos.md
npm run test:chaos -- [options]
  --kills N        faults, one after another, each once all have caught up (10)
  --messages N     at least so many; load goes on until the last fault is over (30000)
  --seed N         of messages, faults and pauses; printed (random)
  --rate N         messages a second in all; 0: as fast as confirms allow (1000)
  --publishers N --consumers N --queues N   (3, 3, 10)
  --sizes S        mixed (0 B to 16 MiB, mostly 1 KiB), small (to 64 KiB), or bytes
  --requeue SHARE  share of first deliveries that are nacked once (0)
  --faults LIST    of kill, pause, all, wipe, member; drawn at random (kill)
  --keep           keeps data and histories
  --judge DIR      judges the histories of an earlier run and does nothing else
  --competing N    consumers of each queue (1)
  --hold MS        from a delivery to its settlement (0)
  --sdk LIST       client libraries, in turns: amqplib, rabbitmq-client, cloudamqp, or modules
  --cli FILE       another launcher
`

const parameters = process.argv.slice(2)
/** A campaign reads its own options. */
const isCampaign = parameters.some((parameter) => parameter.startsWith('--profile'))
const { values } = parseArgs({ options: flags, args: isCampaign ? [] : parameters })
const print = (text: string): void => void process.stdout.write(`${text}\n`)

async function strike(kind: string, { cluster, faults, random }: RunContext): Promise<string> {
  const group = await faults.pickGroup('chaos.')
  if (kind === 'kill') return `killed node ${await faults.killLeader(group)}, leader of ${group}`
  if (kind === 'pause') {
    const pauseMs = random.integer(200, 10_000)
    return `stopped node ${await faults.pauseLeader(group, pauseMs)} for ${pauseMs} ms`
  }
  if (kind === 'all') return `killed all; ready after ${Math.round(await faults.killAll())} ms`
  if (kind === 'wipe') {
    const { id } = random.pick(cluster.nodes)
    const { after } = await faults.wipe(id)
    return `deleted the data of node ${id}; it is incarnation ${after}`
  }
  if (kind === 'member') {
    const { added, removed } = await faults.exchangeNode()
    return `added node ${added}, removed node ${removed}`
  }
  throw new Error(`no fault '${kind}'; known are kill, pause, all, wipe, member`)
}

async function act(context: RunContext): Promise<void> {
  const kinds = values.faults.split(',')
  const { load, random, log, cluster } = context
  await load.confirmed(100)
  for (let kill = 1; kill <= Number(values.kills); kill += 1) {
    await cluster.waitCaughtUp()
    const sentence = await strike(random.pick(kinds), context)
    const { confirmed } = load.progress()
    log(`${kill}/${values.kills}: ${sentence}; ${confirmed} confirmed`)
    // Confirms between two faults tell their gaps apart.
    await delay(500)
    const failure = load.failure()
    if (failure !== null) throw new Error(failure)
  }
}

function sizes(): SizeProfile {
  if (values.sizes === 'mixed' || values.sizes === 'small') return values.sizes
  return Number(values.sizes)
}

function verdict({ report, gaps: all, outlived }: Judgement): boolean {
  const gaps = all.filter(({ fault }) => fault.startsWith('kill'))
  if (gaps.length > 0) print(renderGaps(gaps))
  print(renderReport(report))
  if (outlived.clients > 0) print(renderOutlived(outlived))
  const tooLong = values.faults.includes('kill') ? longGaps(summariseGaps(gaps)) : []
  for (const sentence of tooLong) print(`  ${sentence}`)
  const isWell = report.isSound && report.errors === 0 && tooLong.length === 0
  print(isWell ? 'PASS' : 'FAIL')
  return isWell
}

async function run(): Promise<boolean> {
  const isStrict = values.competing === '1'
  if (values.judge !== undefined)
    return verdict(await judge(historiesIn(values.judge), { isStrict }))
  const consumersPerQueue = Number(values.competing)
  const seed = Number(values.seed)
  print(
    `chaos: seed ${seed}, ${values.kills} faults of ${values.faults}, ${values.messages} messages`
  )
  const load = {
    messages: Number(values.messages),
    isEndless: true,
    publishers: Number(values.publishers),
    consumers: Number(values.consumers),
    queues: Number(values.queues),
    rate: Number(values.rate),
    sizes: sizes(),
    requeueShare: Number(values.requeue),
    consumersPerQueue,
    consumerDelayMs: Number(values.hold),
    sdks: values.sdk.split(',').map(moduleOf)
  }
  const cluster = values.cli === undefined ? {} : { cli: values.cli }
  const options = { name: 'chaos', seed, cluster, load, isKept: values.keep, log: print }
  const result = await runLoad(options, act)
  if (!result.isDrained) print('  the queues were not empty at the end')
  print(table([['times a disk stalled', result.diskStalls]]))
  return verdict(result) && result.isDrained
}

if (values.help) print(usage)
else if (isCampaign) process.exitCode = await campaignMain(parameters)
else process.exitCode = (await run()) ? 0 : 1
