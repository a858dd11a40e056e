// Nothing of tap is loaded into a process that a test starts, however it starts it.
import { execFileSync, fork, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { temporaryDirectory } from '@holdfast/testkit'
import t from 'tap'

const program = `
  const hooks = Object.entries(process.env).filter(([name]) => name.startsWith('_TAPJS_'))
  console.log(JSON.stringify([process.env.NODE_OPTIONS ?? '', process.execArgv, hooks]))`

t.test('a started process has no hooks', async (t) => {
  const file = join(temporaryDirectory(t, 'started'), 'program.cjs')
  writeFileSync(file, program)
  const plain = ['', [], []]
  const env = { PATH: '', NODE_OPTIONS: '--max-old-space-size=64' }
  t.same(JSON.parse(execFileSync(process.execPath, [file]).toString()), plain)
  t.same(JSON.parse(await text(spawn(process.execPath, [file]).stdout)), plain)
  t.same(JSON.parse(await text(spawn(process.execPath, [file], { env }).stdout)), [
    env.NODE_OPTIONS,
    [],
    []
  ])
  const { stdout } = fork(file, { silent: true })
  t.same(JSON.parse(stdout === null ? '' : await text(stdout)), plain)
})
