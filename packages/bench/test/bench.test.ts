// A workload that is not known is refused before a cluster is started.
import t from 'tap'
import { runBench } from '../src/bench.ts'

t.test('refuses an unknown workload', async (t) => {
  await t.rejects(runBench({ names: ['W1', 'W99'] }), /no workload 'W99'; known are W1, W2/)
})
