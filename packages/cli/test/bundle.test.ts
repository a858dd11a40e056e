// The bundle is run for as long as it is what the modules say, and not a moment longer.
import { readFileSync, rmSync, utimesSync } from 'node:fs'
import { createRequire } from 'node:module'
import { repositoryRoot } from '@holdfast/testkit'
import t, { type Test } from 'tap'

interface Bundle {
  readonly entry: string
  readonly inputs: string
  readonly isCurrent: () => boolean
  readonly isPreloaded: (options: readonly string[]) => boolean
}

const module = 'packages/raft/dist/src/raft.js'
const installed = 'node_modules/.package-lock.json'

/** A repository in which the modules are ten seconds old, and the bundle five. */
function repository(t: Test): { readonly at: string; readonly bundle: Bundle } {
  const source = readFileSync(`${repositoryRoot}/packages/cli/bin/bundle.js`, 'utf8')
  const bin = { 'package.json': '{"type":"commonjs"}', 'bundle.js': source }
  const built = { 'index.js': '', 'inputs.json': JSON.stringify([module, installed]) }
  const at = t.testdir({
    node_modules: { '.package-lock.json': '{}' },
    packages: {
      cli: { bin, dist: { bundle: built } },
      raft: { dist: { src: { 'raft.js': '' } } }
    }
  })
  const bundle = createRequire(import.meta.url)(`${at}/packages/cli/bin/bundle.js`) as Bundle
  age(`${at}/${module}`, 10)
  age(`${at}/${installed}`, 10)
  age(bundle.inputs, 5)
  return { at, bundle }
}

function age(path: string, seconds: number): void {
  const then = Date.now() / 1000 - seconds
  utimesSync(path, then, then)
}

t.test('it is current when it is younger than all that went into it', async (t) => {
  const { at, bundle } = repository(t)
  t.ok(bundle.isCurrent())
  t.equal(bundle.entry, `${at}/packages/cli/dist/bundle/index.js`)
})

t.test('it is not when a module was built again, or packages were installed again', async (t) => {
  for (const path of [module, installed]) {
    const { at, bundle } = repository(t)
    age(`${at}/${path}`, 0)
    t.notOk(bundle.isCurrent(), path)
  }
})

t.test('it is not when a module is gone, or when it was never made', async (t) => {
  const { at, bundle } = repository(t)
  rmSync(`${at}/${module}`)
  t.notOk(bundle.isCurrent())
  const other = repository(t)
  rmSync(other.bundle.inputs)
  t.notOk(other.bundle.isCurrent())
})

t.test('whoever preloads a module is given modules, not a bundle', async (t) => {
  const { isPreloaded } = repository(t).bundle
  const preloading = ['--import=./a.mjs', '--import ./a.mjs', '-r a', '--require a', '--loader a']
  for (const options of preloading) {
    t.ok(isPreloaded(['--no-warnings', options]), options)
    t.ok(isPreloaded([`--no-warnings ${options}`]), options)
  }
  t.notOk(isPreloaded(['--single-threaded-gc', '--no-memory-reducer', '']))
  t.notOk(isPreloaded(['--redirect-warnings=--important', '--enable-source-maps']))
})
