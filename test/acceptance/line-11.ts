// Acceptance 11: 1,000 durable queues are declared within 5 s; the idle cluster then uses less than
// 5 % of one core in all.
import { runBench } from '@holdfast/bench'
import { accept, option } from './verdict.ts'

await accept(11, 'many queues, and idle', async (verdict) => {
  const count = option('queues', 1_000)
  const [declared] = await runBench({ names: ['W5'], count, seconds: option('seconds', 15) })
  const seconds = declared?.result.seconds ?? Number.POSITIVE_INFINITY
  verdict.check(`${count} queues are declared within 5 s`, seconds <= 5, `${seconds.toFixed(2)} s`)
  const idle = declared?.more['idle % of a core'] ?? Number.POSITIVE_INFINITY
  verdict.check('idle below 5 % of one core', idle < 5, `${idle.toFixed(1)} %`)
})
