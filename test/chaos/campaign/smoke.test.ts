// Two minutes of chaos as part of the tests: every node in a network namespace of its own where
// the machine has them, links that are cut, a disk that is full, kills, pauses, an exchange of
// nodes.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chooseSeed, LedgerFile, temporaryDirectory } from '@holdfast/testkit'
import t from 'tap'
import type { PieceRecord } from './piece-record.ts'

t.setTimeout(580_000)

const program = fileURLToPath(new URL('./campaign-main.js', import.meta.url))

t.test('two minutes of chaos lose nothing', async (t) => {
  const seed = chooseSeed()
  const path = join(temporaryDirectory(t), 'ledger.jsonl')
  const flags = ['--profile', 'smoke', '--seed', String(seed), '--resume', path]
  const child = spawn(process.execPath, [program, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGTERM'))
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8')
    })
  }
  const code = await new Promise((resolve) => child.once('close', resolve))
  t.comment(said)
  t.equal(code, 0, `seed ${seed}: the campaign passes`)
  const [record] = new LedgerFile<PieceRecord>(path).read()
  t.same(record?.report.violations, {})
  t.ok((record?.report.confirmed ?? 0) >= 500, 'messages were confirmed')
  t.ok(Object.keys(record?.strikes ?? {}).length > 0, 'the cluster was struck')
})
