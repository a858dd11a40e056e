// What a process of tests says is counted, and what it does not live to say is a failure.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { temporaryDirectory } from '@holdfast/testkit'
import t, { type Test } from 'tap'
import { execute, type Result } from './execute.ts'

t.setTimeout(280_000)

const library = `import t from '${import.meta.resolve('tap')}'\n`
const good = `${library}t.test('good', async (t) => t.ok(true))\nt.test('too', async () => {})`
const bad = `${library}t.test('bad', async (t) => t.ok(false))`

/** Runs files of these contents in one process: a.mjs, b.mjs, … */
async function run(t: Test, texts: readonly string[], ms = 60_000): Promise<Result> {
  const directory = temporaryDirectory(t, 'runner')
  const files = texts.map((text, place) => {
    const file = `${'abc'[place]}.mjs`
    writeFileSync(join(directory, file), text)
    return file
  })
  return await execute({ name: 'sample', files }, directory, { ms, characters: 10_000 })
}

t.test('sentences are counted', async (t) => {
  t.match(await run(t, [good]), { passed: 2, failed: 0 })
  t.match(await run(t, [bad]), { passed: 0, failed: 1, output: 'not ok 1 - bad' })
})

t.test('files that share a process are told apart, and one does not end the others', async (t) => {
  const { passed, failed, output } = await run(t, [bad, 'throw new Error("no")', good])
  t.match({ passed, failed }, { passed: 2, failed: 2 })
  for (const line of ['not ok 1 - a.mjs: bad', 'not ok 2 - b.mjs: is loaded', 'ok 3 - c.mjs: good'])
    t.match(output, line)
})

t.test('a process that dies, hangs or tests nothing has failed', async (t) => {
  const dying = await run(t, ['console.log("ok 1 - x"); process.exit(3)'])
  t.match(dying, { passed: 1, failed: 1, output: '# the process ended with 3' })
  const hanging = await run(t, ['setInterval(() => {}, 1_000)'], 1_000)
  t.match(hanging, { passed: 0, failed: 1, output: '# the process ended with SIGKILL' })
  t.match(await run(t, ['']), { passed: 0, failed: 1, output: '# the process ended with 0' })
})

t.test('who outlives a test holds up nobody', async (t) => {
  const text = `import { spawn } from 'node:child_process'
    const stay = 'setTimeout(() => {}, 60_000)'
    const { pid } = spawn(process.execPath, ['-e', stay], { stdio: 'inherit', detached: true })
    console.log('# left ' + pid)
    console.log('ok 1 - x')
    process.exit(0)`
  const { passed, failed, output, ms } = await run(t, [text])
  process.kill(Number(/# left (\d+)/.exec(output)?.[1]), 'SIGKILL')
  t.match({ passed, failed }, { passed: 1, failed: 0 })
  t.ok(ms < 50_000, `${ms} ms`)
})

t.test('nothing is loaded into a process that a test starts', async (t) => {
  const text = `import { execFileSync } from 'node:child_process'
    const flags = execFileSync(process.execPath, ['-p', 'process.env.NODE_OPTIONS'])
    console.log(flags.toString().trim() === 'undefined' ? 'ok 1' : 'not ok 1 - ' + flags, '')`
  t.match(await run(t, [text]), { passed: 1, failed: 0 })
})
