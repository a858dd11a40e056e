// An audit that sees no member says so: what has nothing to compare has found nothing equal.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { eventually } from '@holdfast/testkit'
import t from 'tap'

t.test('a process without a member has no hashes, not an empty list of them', async (t) => {
  const directory = t.testdir()
  const preload = new URL('./audit-preload.js', import.meta.url).href
  const idle = "setInterval(() => {}, 1000); console.log('ready')"
  const node = spawn(process.execPath, ['--import', preload, '--eval', idle], {
    env: { CHAOS_AUDIT_DIRECTORY: directory },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => node.kill('SIGKILL'))
  await once(node.stdout, 'data')
  node.kill('SIGUSR2')
  const path = `${directory}/${node.pid}.json`
  t.equal(await eventually('its hashes', () => readFileSync(path, 'utf8')), 'null')
})
