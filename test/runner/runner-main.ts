// npm test: runs all built tests, or those of the files and directories that it is given, two
// processes at a time, and says what failed.
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { execute, type Result } from './execute.ts'
import { builtTests, planOf, type Run } from './plan.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const limits = { ms: 600_000, characters: 200_000 }

const wanted = process.argv.slice(2).map((path) => path.replace(/\/+$/, ''))
const isWanted = (file: string): boolean =>
  wanted.length === 0 || wanted.some((path) => file === path || file.startsWith(`${path}/`))
const runs = planOf(builtTests(root).filter(isWanted))
const results: Result[] = []
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

function report(result: Result): void {
  const { run, passed, failed, ms, output } = result
  results.push(result)
  const files = run.files.length === 1 ? '' : `${run.files.length} files, `
  const what = `${run.name}: ${files}${passed} passed, ${failed} failed`
  const isOk = failed === 0 ? 'ok' : 'not ok'
  process.stdout.write(`${isOk} ${results.length} - ${what} # ${(ms / 1_000).toFixed(1)} s\n`)
  if (failed > 0) process.stdout.write(output.replace(/^(?=.)/gm, '    '))
}

async function work(next: () => Run | undefined): Promise<void> {
  for (let run = next(); run !== undefined; run = next()) report(await execute(run, root, limits))
}

// From both ends, so that what waits runs beside what computes.
await Promise.all([work(() => runs.shift()), work(() => runs.pop())])
const sum = (of: (result: Result) => number): number =>
  results.reduce((total, result) => total + of(result), 0)
const failed = sum((result) => result.failed)
process.stdout.write(`${sum((result) => result.passed)} passed, ${failed} failed\n`)
process.exitCode = failed === 0 && results.length > 0 ? 0 : 1
