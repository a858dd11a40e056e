// One store finds after every power cut what it acknowledged, in each of both kinds of disk.
import { chooseSeed, makeTemporaryDirectory, removeDirectory } from '@holdfast/testkit'
import t from 'tap'
import { StoreCuts } from './store-cuts.ts'

t.setTimeout(280_000)

for (const mode of ['ordered', 'adversarial'] as const) {
  t.test(`nothing acknowledged is lost by one ${mode} disk`, async (t) => {
    const seed = chooseSeed()
    const directory = makeTemporaryDirectory('store')
    t.teardown(() => removeDirectory(directory))
    const report = await new StoreCuts({ directory, seed, cuts: 10, mode }).run()
    t.same(report.failures, [], `SEED=${seed}`)
    // Most seeds write some 400; one in which most processes die at once writes a few dozen.
    t.ok(report.acknowledged > 10, `${report.acknowledged} records`)
    t.ok(report.lossy > 2, `${report.lossy} cuts took something back`)
  })
}

t.test('nothing acknowledged needs anything that was not synced', async (t) => {
  for (let round = 0; round < 2; round += 1) {
    const seed = chooseSeed()
    const directory = makeTemporaryDirectory('store')
    t.teardown(() => removeDirectory(directory))
    const strict = { mode: 'adversarial', unsynced: 'none' } as const
    const report = await new StoreCuts({ directory, seed, cuts: 4, ...strict }).run()
    t.same(report.failures, [], `SEED=${seed}`)
  }
})
