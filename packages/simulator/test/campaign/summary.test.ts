// What is made of the results of a campaign.
import t from 'tap'
import { failedResult, type SeedResult } from '../../src/campaign/result.ts'
import { isPassed, rareMarks, summarise } from '../../src/campaign/summary.ts'
import { catalogue } from '../../src/marks/catalogue.ts'

const [rare = '', ...others] = catalogue
const complete = 20_000

/** Seeds that each reach all marks but one, which the first of them reach alone. */
function campaign(seeds: number, lucky: number): SeedResult[] {
  const usual = Object.fromEntries(others.map((mark) => [mark, 1]))
  return Array.from({ length: seeds }, (_, i) => {
    const marks = i < lucky ? { ...usual, [rare]: 1 } : usual
    return { ...failedResult(i + 1, '', 1), failures: [], marks }
  })
}

t.test('a complete campaign that hardly reached a mark has not passed', async (t) => {
  const summary = summarise(campaign(complete, 99))
  t.same(rareMarks(summary), [rare])
  t.notOk(isPassed(summary))
  t.ok(isPassed(summarise(campaign(complete, 100))))
})

t.test('a campaign that is not complete yet is not held to the marks', async (t) => {
  t.ok(isPassed(summarise(campaign(200, 0))))
})

t.test('one seed that failed fails the campaign', async (t) => {
  const results = [...campaign(10, 0), failedResult(11, 'a message is lost', 1)]
  t.notOk(isPassed(summarise(results)))
})
