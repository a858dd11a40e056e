// Where a mutation is looked for. What a simulated member consists of is the simulator's, and after
// it that of the tests of its package; the rest belongs to the tests of its package alone, which
// drive the real shell: driver, links, sockets.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '@holdfast/testkit'
import { editsOf, type Mutation } from './mutation.ts'

/** Packages that run inside a simulated cluster, or beside it, as its stores do. */
const simulated: ReadonlySet<string> = new Set([
  'errors',
  'record',
  'storage',
  'raft',
  'broker',
  'protocol',
  'amqp',
  'client',
  'cluster'
])

function packageOf(file: string): string {
  return file.split('/')[1] ?? ''
}

/** Who has to catch a mutation of these files. */
export function catchersFor(files: readonly string[]): Mutation['catches'] {
  const isSimulated = files.some((file) => simulated.has(packageOf(file)))
  return isSimulated ? 'simulator' : testsBeside(files)
}

/** The tests that may catch a mutation: those it names, or all of the packages that it is in. */
export function suitesOf(mutation: Mutation): readonly string[] {
  const { catches } = mutation
  return catches === 'simulator' ? testsBeside(editsOf(mutation).map(({ file }) => file)) : catches
}

/** Built test files of the packages of these files. */
function testsBeside(files: readonly string[]): readonly string[] {
  return [...new Set(files.map(packageOf))].flatMap(testsOf)
}

/** Built test files of a package, from the root. */
function testsOf(name: string): readonly string[] {
  const directory = `packages/${name}/dist/test`
  const absolute = join(repositoryRoot, directory)
  if (!existsSync(absolute)) return []
  return readdirSync(absolute, { recursive: true })
    .map((path) => `${directory}/${String(path).replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.test.js'))
    .sort()
}
