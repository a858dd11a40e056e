// Three real nodes: publish and consume, kill leaders under load and restart them, kill all nodes;
// every confirmed message is there, in order, and duplicates are flagged.
import { rmSync } from 'node:fs'
import t from 'tap'
import { runLoad } from '../chaos/chaos-run.ts'
import { renderReport } from '../chaos/report.ts'

t.setTimeout(280_000)

t.test('nothing confirmed is lost when leaders, then all nodes at once are killed', async (t) => {
  const load = { messages: 1_000, isEndless: true, rate: 100, sizes: 'small' as const }
  const options = { name: 'smoke', seed: 1, load, log: (line: string) => t.comment(line) }
  const result = await runLoad(options, async ({ load, faults }) => {
    await load.confirmed(500)
    await faults.killLeader(await faults.pickGroup('chaos.'))
    await faults.killLeader(0)
    await load.confirmed(load.progress().confirmed + 200)
    const readyMs = await faults.killAll({ minMs: 100, maxMs: 500 })
    // The promised 10 s are measured by acceptance line 4, on a machine that does nothing else.
    t.ok(readyMs < 60_000, `ready after ${Math.round(readyMs)} ms`)
    await load.confirmed(load.progress().confirmed + 200)
  })
  const { report, isDrained, directory } = result
  t.comment(renderReport(report))
  t.same(report.violations, {})
  t.same(report.errorExamples, [])
  t.ok(isDrained, 'the queues are empty')
  t.equal(report.confirmed, report.invoked)
  rmSync(directory, { recursive: true, force: true })
})
