// npm run test:chaos -- --profile nightly: a campaign in a network of its own. This process makes
// the network and runs itself once more inside, in the namespace of the clients; what is inside
// does the work. Without namespaces all is on loopback, and the report says what is left out.
import { type StdioOptions, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { inside, Namespaces } from '../network/namespaces.ts'
import { defaultLedger, runCampaign } from './campaign.ts'
import { type ProfileName, profileNames, profileOf } from './profile.ts'

const flags = {
  profile: { type: 'string' },
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  resume: { type: 'string' },
  minutes: { type: 'string' },
  loopback: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
  inside: { type: 'string' }
} as const

const print = (text: string): void => void process.stdout.write(`${text}\n`)

function profileNamed(name: string | undefined): ProfileName {
  const found = profileNames.find((one) => one === name)
  if (found === undefined) throw new Error(`no profile '${name}': ${profileNames.join(', ')}`)
  return found
}

/** The exit code of this program, run once more in a network that is removed afterwards. */
async function runInside(network: Namespaces, parameters: readonly string[]): Promise<number> {
  const [program = '', ...rest] = inside(network.clients.namespace)
  const self = fileURLToPath(import.meta.url)
  const again = [process.execPath, self, ...parameters, '--inside', network.name]
  // By the channel it learns that this process is gone, however it ended.
  const stdio: StdioOptions = ['ignore', 'inherit', 'inherit', 'ipc']
  const child = spawn(program, [...rest, ...again], { stdio })
  const stop = (): void => void child.kill('SIGTERM')
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code) => resolve(code ?? 1))
    })
  } finally {
    network.destroy()
  }
}

function makeNetwork(): Namespaces | null {
  try {
    return Namespaces.create()
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
    print(`no network of namespaces here (${reason}): all is on loopback, and no link is cut`)
    return null
  }
}

/** @returns the exit code: 0 if all is well */
export async function campaignMain(parameters: readonly string[]): Promise<number> {
  const { values } = parseArgs({ options: flags, args: [...parameters] })
  const profile = profileNamed(values.profile)
  if (values.inside === undefined && !values.loopback) {
    const network = makeNetwork()
    if (network !== null) return await runInside(network, [...parameters, '--seed', values.seed])
  }
  const leave = (): void => process.exit(1)
  process.once('disconnect', leave)
  const seed = Number(values.seed)
  const summary = await runCampaign({
    profile,
    seed,
    ledger: values.resume ?? defaultLedger(profile, seed),
    minutes: Number(values.minutes ?? profileOf(profile).minutes * 1.5),
    network: values.inside === undefined ? null : new Namespaces(values.inside),
    isKept: values.keep,
    log: print
  })
  process.off('disconnect', leave)
  print(summary.text)
  print(summary.isSound ? 'PASS' : 'FAIL')
  return summary.isSound ? 0 : 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await campaignMain(process.argv.slice(2))
}
