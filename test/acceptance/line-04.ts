// Acceptance 4: all three nodes killed at once under load and restarted; then again with a backlog
// of 1,000,000 messages of 100 B, ready within 10 s.
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Random } from '@holdfast/testkit'
import { runLoad } from '../chaos/chaos-run.ts'
import { Faults } from '../chaos/faults.ts'
import { HistoryWriter } from '../chaos/history.ts'
import { renderReport } from '../chaos/report.ts'
import { drain, fill, withScene } from './cluster-scene.ts'
import { accept, option } from './verdict.ts'

await accept(4, 'all nodes killed at once', async (verdict) => {
  const seed = option('seed', 4)
  const rounds = option('rounds', 5)
  const log = (sentence: string): void => verdict.log(`  ${sentence}`)
  const load = { messages: option('messages', 30_000), isEndless: true, rate: 2_000 }
  const { report, isDrained } = await runLoad({ name: 'line-04', seed, load, log }, async (run) => {
    await run.load.confirmed(1_000)
    for (let round = 1; round <= rounds; round += 1) {
      const ms = Math.round(await run.faults.killAll())
      log(`round ${round}: ready ${ms} ms after the start`)
      const { confirmed } = run.load.progress()
      await run.load.confirmed(confirmed + 1_000)
      await delay(500)
    }
  })
  verdict.log(renderReport(report))
  verdict.check('every confirmed message is there', report.isSound)
  verdict.check('the queues are empty', isDrained)
  verdict.check('no error in application code', report.errors === 0, report.errors)
  const count = option('backlog', 1_000_000)
  await withScene('line-04-backlog', {}, async ({ cluster, connection, data }) => {
    await connection.declareQueue('backlog')
    await fill(connection, { queue: 'backlog', count, size: 100, window: 10_000 })
    const history = new HistoryWriter(join(data, 'faults.jsonl'))
    const ms = await new Faults(cluster, new Random(seed), history).killAll()
    history.close()
    verdict.check('ready within 10 s with the backlog', ms <= 10_000, `${Math.round(ms)} ms`)
    const drained = await drain(connection, 'backlog', count)
    verdict.check('the backlog is whole', drained.count === count, drained.count)
    verdict.check('and in order', drained.outOfOrder === 0, drained.outOfOrder)
  })
})
