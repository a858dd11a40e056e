// Acceptance 3: the load of line 2 with kill -9 of the leader of a shard or of the metadata group,
// 50 times, each when all groups have caught up from the last.
import { setTimeout as delay } from 'node:timers/promises'
import { runLoad } from '../chaos/chaos-run.ts'
import { renderGaps, renderReport, summariseGaps } from '../chaos/report.ts'
import { accept, option } from './verdict.ts'

await accept(3, 'leaders killed under load', async (verdict) => {
  const messages = option('messages', 300_000)
  const kills = option('kills', 50)
  const seed = option('seed', 3)
  const log = (sentence: string): void => verdict.log(`  ${sentence}`)
  const load = { messages, isEndless: true, rate: option('rate', 1_000) }
  const result = await runLoad(
    { name: 'line-03', seed, load, publishTimeoutMs: 3_600_000, log },
    async ({ load, faults, cluster }) => {
      await load.confirmed(500)
      for (let kill = 1; kill <= kills; kill += 1) {
        await cluster.waitCaughtUp()
        const group = await faults.pickGroup('chaos.')
        const node = await faults.killLeader(group)
        log(`kill ${kill}: node ${node}, leader of group ${group}`)
        await delay(500)
      }
    }
  )
  const { report, gaps } = result
  verdict.log(renderGaps(gaps))
  verdict.log(renderReport(report))
  const { medianMs, maxMs, count } = summariseGaps(gaps)
  verdict.check('every kill was made', count === kills, count)
  verdict.check('enough was confirmed', report.confirmed >= messages, report.confirmed)
  verdict.check('0 lost, 0 invented, duplicates only flagged', report.isSound)
  verdict.check('the queues are empty', result.isDrained)
  verdict.check('no error in application code', report.errors === 0, report.errors)
  verdict.check('median gap ≤ 1 s', medianMs <= 1_000, `${Math.round(medianMs)} ms`)
  verdict.check('longest gap ≤ 5 s', maxMs <= 5_000, `${Math.round(maxMs)} ms`)
})
