// Makes a clone ready to run: installs what the lockfile names, once, and builds what changed.
// Called by `npm start` and `npm test`, so that each is the only command a newcomer needs.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const installed = `${root}node_modules/.package-lock.json`
const lockfile = `${root}package-lock.json`

const run = (command, args) => {
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit']
  })
  if (status !== 0) process.exit(status ?? 1)
}

const isInstalled =
  existsSync(installed) && statSync(installed).mtimeMs >= statSync(lockfile).mtimeMs
if (!isInstalled) run('npm', ['ci'])
run(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-b'])
