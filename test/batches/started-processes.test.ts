// Nothing of tap is loaded into a process that a test starts, however it starts it, and threads are
// not slowed down by it.
import { execFileSync, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { Worker } from 'node:worker_threads'
import { temporaryDirectory } from '@holdfast/testkit'
import t from 'tap'

const program = `
  const ours = '_TAPJS_PROCESSINFO_COVERAGE_'
  const isHook = (name) => name.startsWith('_TAPJS_') && name !== ours
  const hooks = Object.entries(process.env).filter(([name]) => isHook(name))
  console.log(JSON.stringify([process.env.NODE_OPTIONS ?? '', process.execArgv, hooks]))`

t.test('a started process has no hooks', async (t) => {
  const file = join(temporaryDirectory(t, 'started'), 'program.cjs')
  writeFileSync(file, program)
  // What whoever runs the tests has set for Node is handed on.
  // biome-ignore lint/style/noProcessEnv: what children inherit
  const { NODE_OPTIONS: own = '' } = process.env
  t.notMatch(own, /tapjs/)
  const plain = [own, [], []]
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

t.test('a thread counts no calls', async (t) => {
  // Where the hooks of a thread count, they leave a 1 here for processes that it starts.
  const code = `const { parentPort } = require('node:worker_threads')
    parentPort.postMessage(process.env['_TAPJS_PROCESSINFO_COVERAGE_'])`
  const [told] = await once(new Worker(code, { eval: true }), 'message')
  t.not(told, '1')
})
