// Acceptance 14: window 1,000, 1 KiB, fsynced majority: at least 40,000 confirmed messages a
// second, and 25,000 a second published and consumed with each message acked. Median of three runs.
import { type Figures, renderFigures, runBench } from '@holdfast/bench'
import { median } from '../chaos/gap-meter.ts'
import { accept, option } from './verdict.ts'

await accept(14, 'speed, as a first reading', async (verdict) => {
  const rounds = option('rounds', 3)
  const seconds = option('seconds', 10)
  const all: Figures[] = []
  for (let round = 0; round < rounds; round += 1) {
    all.push(...(await runBench({ names: ['W1', 'W2'], seconds, size: 1_024, window: 1_000 })))
  }
  verdict.log(renderFigures(all))
  const of = (workload: string): Figures[] => all.filter((one) => one.workload === workload)
  const published = median(of('W1').map((one) => one.result.perSecond))
  verdict.check('≥ 40,000 confirmed a second', published >= 40_000, Math.round(published))
  const both = of('W2').map((one) => Math.min(one.result.perSecond, one.more['consumed/s'] ?? 0))
  const consumed = median(both)
  verdict.check('≥ 25,000 a second published and acked', consumed >= 25_000, Math.round(consumed))
})
