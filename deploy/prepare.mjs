// Makes a clone ready to run: installs what the lockfile names, once, and builds what changed.
// Called by `npm start` and `npm test`, so that each is the only command a newcomer needs.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isCurrent } from '../packages/cli/bin/bundle.js'

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

/** Where the tests of a package are, and where the tests of a project are built. */
const testOf = (name) => `${root}packages/${name}/test`
const builtOf = (project) =>
  project === `${root}test` ? `${project}/dist` : project.replace(/test$/, 'dist/test')

const builtTests = (project) =>
  existsSync(builtOf(project))
    ? readdirSync(builtOf(project), { recursive: true }).filter((name) => name.endsWith('.test.js'))
    : []

const isInstalled =
  existsSync(installed) && statSync(installed).mtimeMs >= statSync(lockfile).mtimeMs
if (!isInstalled) run('npm', ['ci'])
// The compiler leaves what it once built; a test whose source is gone must not run.
for (const project of [`${root}test`, ...readdirSync(`${root}packages`).map(testOf)]) {
  for (const name of builtTests(project)) {
    const source = `${project}/${name.replace(/\.js$/, '.ts')}`
    if (!existsSync(source)) rmSync(`${builtOf(project)}/${name}`)
  }
}
run(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-b'])
if (!isCurrent()) run(process.execPath, [`${root}deploy/bundle.mjs`])
