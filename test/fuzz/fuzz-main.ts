// npm run fuzz -- [TARGET…] [--inputs N | --seconds S] [--seed N] [--resume] [--keep] [--report]
// Runs a campaign for each target, each in a process of its own, one after the other. Exits with 1
// if anything was found.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ledger, renderLedger } from './ledger.ts'
import { readOptions, usage } from './options.ts'

const args = process.argv.slice(2)

function main(): void {
  if (args.includes('--help')) {
    process.stdout.write(usage)
    return
  }
  let options: ReturnType<typeof readOptions>
  try {
    options = readOptions(args)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${usage}`)
    process.exitCode = 2
    return
  }
  if (options.isReport) {
    process.stdout.write(renderLedger(ledger.read()))
    return
  }
  const child = fileURLToPath(new URL('fuzz-target-main.js', import.meta.url))
  for (const target of options.targets) {
    const own = JSON.stringify({ ...options, targets: [target] }, (_, value: unknown) =>
      value === Number.POSITIVE_INFINITY ? Number.MAX_SAFE_INTEGER : value
    )
    const { status } = spawnSync(process.execPath, [child, own], { stdio: 'inherit' })
    if (status !== 0) process.exitCode = 1
  }
}

main()
