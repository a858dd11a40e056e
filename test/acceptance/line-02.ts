// Acceptance 2: messages of mixed sizes, 3 publishers, 3 consumers, 10 queues over at least 4
// shards: each received once, bytes equal, order per publisher and queue kept.
import { runLoad } from '../chaos/chaos-run.ts'
import { renderReport } from '../chaos/report.ts'
import { accept, option } from './verdict.ts'

await accept(2, 'mixed sizes, each received once, in order', async (verdict) => {
  const messages = option('messages', 300_000)
  const seed = option('seed', 2)
  let shards = 0
  const log = (sentence: string): void => verdict.log(`  ${sentence}`)
  const result = await runLoad(
    { name: 'line-02', seed, load: { messages }, publishTimeoutMs: 3_600_000, log },
    async ({ cluster }) => {
      shards = new Set((await cluster.admin.queues()).map((queue) => queue.group)).size
    }
  )
  const { report, publishSeconds } = result
  verdict.log(renderReport(report))
  verdict.check('queues lie on at least 4 shards', shards >= 4, shards)
  verdict.check('all are confirmed', report.confirmed >= messages, report.confirmed)
  verdict.check('nothing is wrong with the history', report.isSound)
  verdict.check('each is received once', report.duplicates === 0, `${report.duplicates} again`)
  verdict.check('the queues are empty', result.isDrained)
  verdict.check('no error in application code', report.errors === 0, report.errors)
  verdict.log(`  ${Math.round(messages / publishSeconds)} messages a second`)
})
