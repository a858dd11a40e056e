// Which tests there are, and which of them share a process. To start one with the library of tests
// in it takes 0.3 s of processor time, more than most files need for what they test.
import { readdirSync } from 'node:fs'

/** What one process runs. */
export interface Run {
  readonly name: string
  /** Built tests, from the root of the repository. */
  readonly files: readonly string[]
}

/** Their tests start no process, listen nowhere and write no file: none can disturb another. */
const pure =
  /^packages\/(?:admin|amqp|bench|broker|client|cluster|errors|protocol|raft|record|simulator)\//

/** What measures speed or memory is left alone, and what takes longest runs beside others. */
const isApart = /-speed\.test\.js$|\/test\/seeds\//

function filesBelow(root: string, directory: string): string[] {
  return readdirSync(`${root}${directory}`, { encoding: 'utf8', recursive: true })
    .filter((file) => file.endsWith('.test.js'))
    .map((file) => `${directory}/${file}`)
    .sort()
}

/** All built tests; `root` ends in a slash. */
export function builtTests(root: string): string[] {
  const directories = readdirSync(`${root}packages`).map((name) => `packages/${name}/dist/test`)
  return ['test/dist', ...directories].flatMap((directory) => filesBelow(root, directory))
}

/**
 * Each file in one run: tests of the whole first, which mostly wait for processes, and what only
 * computes last.
 */
export function planOf(files: readonly string[]): Run[] {
  const alone: Run[] = []
  const together = new Map<string, string[]>()
  for (const file of files) {
    const [directory] = pure.exec(file) ?? []
    if (directory === undefined || isApart.test(file)) alone.push({ name: file, files: [file] })
    else together.set(directory, [...(together.get(directory) ?? []), file])
  }
  return [...alone, ...[...together].map(([name, files]) => ({ name, files }))]
}
