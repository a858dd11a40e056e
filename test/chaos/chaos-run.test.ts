// The harness from end to end against a stand-in broker: a sound one passes through kills, and each
// bug that can be switched on in it is found out.
import { fork } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { findPortOffset, portsOfNode, temporaryDirectory } from '@holdfast/testkit'
import t from 'tap'
import { type RunResult, runLoad } from './chaos-run.ts'
import { connect } from './fixtures/stand-in-sdk.ts'

t.setTimeout(280_000)

const standIn = (name: string): string => new URL(`./fixtures/${name}.js`, import.meta.url).href
const cli = fileURLToPath(standIn('stand-in-holdfast'))

/** A bug shows to one publisher and one consumer. */
const few = { messages: 700, publishers: 1, consumers: 1 }

async function run(bug: string, kills: number, requeueShare: number): Promise<RunResult> {
  const options = {
    name: `harness-${bug}`,
    seed: 11,
    cluster: { cli, environment: { STAND_IN_BUG: bug } },
    load: {
      messages: 1_500,
      isEndless: true,
      // Well below what the stand-in can do where others share the machine.
      rate: 400,
      sizes: 'small' as const,
      queues: 5,
      requeueShare,
      sdks: [standIn('stand-in-sdk')],
      ...(bug === '' ? {} : few)
    }
  }
  const result = await runLoad(options, async ({ load, faults }) => {
    for (let kill = 0; kill < kills; kill += 1) {
      await load.confirmed(300 * (kill + 1))
      await faults.killLeader(1, { minMs: 50, maxMs: 200 })
    }
  })
  rmSync(result.directory, { recursive: true, force: true })
  return result
}

t.test('a sound broker passes, with and without kills', async (t) => {
  const { report, gaps, isDrained } = await run('', 3, 0.05)
  t.same(report.violations, {})
  t.same(report.errorExamples, [])
  t.ok(report.isSound)
  t.ok(isDrained)
  t.ok(report.confirmed >= 1_500)
  t.equal(report.confirmed, report.invoked)
  t.ok(report.duplicates > 0, 'requeued messages came again')
  t.equal(gaps.length, 3)
  for (const gap of gaps) t.ok(gap.queueMs > 50 && gap.queueMs < 10_000, `gap ${gap.queueMs} ms`)
})

t.test('a broker that confirms before it writes is found out', async (t) => {
  const { report } = await run('lose', 2, 0)
  t.ok((report.violations.lost?.count ?? 0) > 0)
})

t.test('a broker that alters bytes is found out', async (t) => {
  const { report } = await run('alter', 0, 0)
  t.same(Object.keys(report.violations), ['altered'])
})

t.test('a broker that redelivers without the flag is found out', async (t) => {
  const { report } = await run('unflagged', 0, 0.05)
  t.same(Object.keys(report.violations).sort(), ['count-without-flag', 'unflagged-duplicate'])
})

t.test('the stand-in goes on after a kill in the middle of a write', async (t) => {
  const data = temporaryDirectory(t)
  const line = { op: 'publish', queue: 'q', id: '1-1', body: 'a', number: 1, producer: 'p' }
  writeFileSync(`${data}/log.jsonl`, `${JSON.stringify(line)}\n{"op":"publ`)
  const portOffset = await findPortOffset(1)
  const address = `127.0.0.1:${portsOfNode(0, portOffset).client}`
  const flags = ['--place', '0', '--data', data, '--client', address, '--http', '127.0.0.1:0']
  const broker = fork(cli, ['server', ...flags])
  t.teardown(() => broker.kill('SIGKILL'))
  const connection = await connect([address])
  await connection.publish('', 'q', Buffer.from('b'), { messageId: '1-2' })
  await connection.close()
  const lines = readFileSync(`${data}/log.jsonl`, 'utf8').split('\n')
  t.equal(lines.length, 3)
  t.match(JSON.parse(lines[1] ?? ''), { op: 'publish', id: '1-2' })
})
