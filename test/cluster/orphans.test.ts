// A test process that is killed (a runner does that to one that takes too long) leaves nothing
// behind: neither `holdfast dev` nor its nodes nor servers that were started one by one.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import {
  eventually,
  isOwnedAlive,
  ownProcess,
  readJsonLines,
  temporaryDirectory
} from '@holdfast/testkit'
import t from 'tap'

t.setTimeout(280_000)

t.test('what a killed process had started ends', async (t) => {
  const program = fileURLToPath(new URL('./doomed-parent.js', import.meta.url))
  const parent = spawn(process.execPath, [program, temporaryDirectory(t, 'orphans')], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc']
  })
  t.teardown(() => parent.kill('SIGKILL'))
  if (parent.stdout === null) throw new Error('nothing to read')
  const { value } = await readJsonLines(parent.stdout).next()
  const pids = value?.['pids'] as readonly number[]
  // Owned here too: should they not end by themselves, they end with this test.
  for (const pid of pids) ownProcess(pid)
  t.strictSame(pids.map(isOwnedAlive), [true, true, true], 'dev, a node, a blank server')
  parent.kill('SIGKILL')
  const areGone = (): boolean => !pids.some(isOwnedAlive)
  await eventually('end of what it had started', areGone)
})
