// npm run test:acceptance -- 2 3 14 [options for the scripts]: runs scripts of acceptance lines one
// after another, each in a process of its own, and prints which passed. Without numbers: all of
// them.
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const lines = readdirSync(here)
  .map((name) => /^line-(\d+)\.js$/.exec(name)?.[1])
  .filter((line) => line !== undefined)
  .map(Number)
  .sort((left, right) => left - right)

const firstOption = process.argv.findIndex((word, at) => at > 1 && word.startsWith('--'))
const numbers = process.argv.slice(2, firstOption < 0 ? undefined : firstOption).map(Number)
const options = firstOption < 0 ? [] : process.argv.slice(firstOption)
const wanted = numbers.length === 0 ? lines : numbers

function run(line: number): Promise<boolean> {
  const script = `${here}line-${String(line).padStart(2, '0')}.js`
  const child = spawn(process.execPath, [script, ...options], { stdio: 'inherit' })
  return new Promise((resolve) => child.once('close', (code) => resolve(code === 0)))
}

const failed: number[] = []
for (const line of wanted) {
  if (!lines.includes(line)) {
    process.stderr.write(`no script for line ${line}; there are ${lines.join(', ')}\n`)
    failed.push(line)
  } else if (!(await run(line))) failed.push(line)
}
const passed = wanted.filter((line) => !failed.includes(line))
process.stdout.write(
  `passed: ${passed.join(', ') || 'none'}; failed: ${failed.join(', ') || 'none'}\n`
)
process.exitCode = failed.length === 0 ? 0 : 1
