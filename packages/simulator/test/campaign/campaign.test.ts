// A campaign runs each seed once, in threads, and goes on where its ledger ends.
import t from 'tap'
import { Campaign } from '../../src/campaign/campaign.ts'
import { Ledger } from '../../src/campaign/ledger.ts'
import { failedResult, type SeedResult } from '../../src/campaign/result.ts'

t.test('seeds that the ledger has are not run again', async (t) => {
  const ledger = new Ledger(null)
  for (const seed of [9233, 9234, 9235, 9236, 9237]) ledger.add(failedResult(seed, 'known', 1))
  const finished: SeedResult[] = []
  // Of these, the ones that are run cost little.
  const limits = { from: 9232, seeds: 7, hours: null, isLong: false, jobs: 2, minutes: null }
  await new Campaign({ ledger, ...limits, finished: (result) => finished.push(result) }).run()
  t.same(finished.map(({ seed }) => seed).sort(), [9232, 9238])
  for (const { seed, hash, steps } of finished) t.ok(hash.length === 8 && steps > 100, `${seed}`)
})

t.test('no seed begins when the time is over', async (t) => {
  const finished: SeedResult[] = []
  const limits = { from: 1, seeds: 4, hours: null, isLong: false, jobs: 1, minutes: 0 }
  const ledger = new Ledger(null)
  await new Campaign({ ledger, ...limits, finished: (result) => finished.push(result) }).run()
  t.same(finished, [])
})

t.test('so many simulated hours are enough', async (t) => {
  const ledger = new Ledger(null)
  ledger.add({ ...failedResult(1, 'long', 1), virtualMs: 7_200_000 })
  const limits = { from: 1, seeds: null, hours: 2, isLong: false, jobs: 1, minutes: null }
  await new Campaign({ ledger, ...limits, finished: () => t.fail('none is needed') }).run()
  t.equal(ledger.results.size, 1)
})
