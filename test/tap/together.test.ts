// tap runs each built test once, and files that share a process are told apart.
import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import process from 'node:process'
import { temporaryDirectory } from '@holdfast/testkit'
import t from 'tap'
import {
  builtTests,
  filesOfCluster,
  filesOfInstruments,
  filesOfOtherPackages,
  filesOfOwnClusters,
  filesTogether,
  root
} from './together.ts'

t.setTimeout(120_000)

t.test('each built test is run once', async (t) => {
  const listed = execFileSync('npx', ['tap', 'list'], { cwd: root }).toString().trim().split('\n')
  const shared = listed.filter((file) => file.startsWith('test/dist/tap/packages/'))
  const apart = shared.flatMap((file) => filesTogether(basename(file, '.test.js')))
  const ofPackages = [...apart, ...filesOfOtherPackages()]
  const ofClusters = [...filesOfCluster, ...filesOfOwnClusters()]
  const hostile = builtTests('test/dist/hostile')
  const run = [...listed, ...ofPackages, ...filesOfInstruments, ...ofClusters, ...hostile]
  const packages = readdirSync(`${root}packages`).map((name) => `packages/${name}/dist/test`)
  const built = ['test/dist', ...packages].flatMap(builtTests)
  t.ok(built.includes('packages/raft/dist/test/log.test.js'))
  t.same(run.sort(), built.sort())
})

t.test('of files that share a process each is named, and one ends no other', async (t) => {
  const directory = temporaryDirectory(t, 'together')
  const library = `import t from '${import.meta.resolve('tap')}'\n`
  const texts = {
    'bad.mjs': `${library}t.test('fails', async (t) => t.ok(false))`,
    'broken.mjs': 'throw new Error("no")',
    'good.mjs': `${library}t.test('holds', async (t) => t.ok(true))`
  }
  const files = Object.entries(texts).map(([name, text]) => {
    writeFileSync(join(directory, name), text)
    return relative(root, join(directory, name))
  })
  const program = join(directory, 'program.mjs')
  const together = import.meta.resolve('./together.js')
  writeFileSync(
    program,
    `import { runTogether } from '${together}'\nawait runTogether(${JSON.stringify(files)})`
  )
  const { status, stdout } = spawnSync(process.execPath, [program], { encoding: 'utf8' })
  t.not(status, 0)
  const lines = ['not ok 1 - bad: fails', 'not ok 2 - broken: is loaded', 'ok 3 - good: holds']
  const told = stdout.match(/^(?:not )?ok .*/gm) ?? []
  t.same(
    told.map((line) => line.replace(/- \S*\/(\w+)\.mjs/, '- $1').replace(/ #.*/, '')),
    lines
  )
})
