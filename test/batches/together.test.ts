// tap runs each built test once, and files that share a process are told apart.
import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import process from 'node:process'
import { temporaryDirectory } from '@holdfast/testkit'
import t, { type Test } from 'tap'
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
  const units = listed.filter((file) => file.startsWith('test/dist/units/'))
  const packagesApart = units.map((file) => basename(file, '.test.js'))
  const apart = packagesApart.filter((name) => name !== 'others').flatMap(filesTogether)
  const ofPackages = [...apart, ...filesOfOtherPackages()]
  const ofClusters = [...filesOfCluster, ...filesOfOwnClusters()]
  const hostile = builtTests('test/dist/hostile')
  const run = [...listed, ...ofPackages, ...filesOfInstruments, ...ofClusters, ...hostile]
  const packages = readdirSync(`${root}packages`).map((name) => `packages/${name}/dist/test`)
  const built = ['test/dist', ...packages].flatMap(builtTests)
  t.ok(built.includes('packages/raft/dist/test/log.test.js'))
  t.same(run.sort(), built.sort())
})

const library = `import t from '${import.meta.resolve('tap')}'\n`

/** Runs files of these texts together; returns what was said of each, and the rest. */
function runTexts(t: Test, texts: Readonly<Record<string, string>>) {
  const directory = temporaryDirectory(t, 'together')
  const files = Object.entries(texts).map(([name, text]) => {
    writeFileSync(join(directory, `${name}.mjs`), library + text)
    return relative(root, join(directory, `${name}.mjs`))
  })
  const program = join(directory, 'program.mjs')
  const together = import.meta.resolve('./together.js')
  writeFileSync(
    program,
    `import { runTogether } from '${together}'\nawait runTogether(${JSON.stringify(files)})`
  )
  const { status, stdout } = spawnSync(process.execPath, [program], { encoding: 'utf8' })
  const told = stdout.match(/^(?:not )?ok .*|^torn down$/gm) ?? []
  const lines = told.map((line) => line.replace(/- \S*\/(\w+)\.mjs/, '- $1').replace(/ #.*/, ''))
  return { status, lines }
}

t.test('of files that share a process each is named, and one ends no other', async (t) => {
  const { status, lines } = runTexts(t, {
    bad: `t.test('fails', async (t) => t.ok(false))`,
    broken: 'throw new Error("no")',
    good: `t.test('holds', async (t) => t.ok(true))`
  })
  t.not(status, 0)
  t.same(lines, ['not ok 1 - bad: fails', 'not ok 2 - broken: is loaded', 'ok 3 - good: holds'])
})

t.test('what a file tears down is gone before the next, which may take its time', async (t) => {
  const { status, lines } = runTexts(t, {
    first: `t.teardown(() => console.log('torn down'))
      t.test('uses it', async (t) => t.ok(true))`,
    late: `await new Promise((resolve) => setTimeout(resolve, 100))
      t.test('comes late', async (t) => t.ok(true))`
  })
  t.same(lines, ['ok 1 - first: uses it', 'torn down', 'ok 2 - late: comes late'])
  t.equal(status, 0)
})
