// The ledger of a campaign outlives its process, also one that was killed in the middle of a line.
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from '@holdfast/testkit'
import t from 'tap'
import { Ledger } from '../../src/campaign/ledger.ts'
import { failedResult } from '../../src/campaign/result.ts'
import { renderSummary, summarise } from '../../src/campaign/summary.ts'

const result = (seed: number) => ({ ...failedResult(seed, 'broke', 5), strikes: { crash: seed } })

t.test('what was added is there in the next process', async (t) => {
  const path = join(await temporaryDirectory(t), 'deep', 'ledger.jsonl')
  const ledger = new Ledger(path)
  ledger.add(result(1))
  ledger.add(result(2))
  t.same([...new Ledger(path).results.keys()], [1, 2])
  t.equal(readFileSync(path, 'utf8').split('\n').length, 3)
})

t.test('a line that a kill has cut is passed over', async (t) => {
  const path = join(await temporaryDirectory(t), 'ledger.jsonl')
  new Ledger(path).add(result(1))
  appendFileSync(path, '{"seed":2,"fail')
  t.same([...new Ledger(path).results.keys()], [1])
})

t.test('without a path nothing is kept', async (t) => {
  const ledger = new Ledger(null)
  ledger.add(result(3))
  t.same([...ledger.results.keys()], [3])
})

t.test('the summary counts what the seeds did, and names those that failed', async (t) => {
  const summary = summarise([result(1), result(2)])
  t.equal(summary.strikes.get('crash'), 3)
  t.equal(summary.strikes.get('pause'), 0, 'kinds that never struck are named as well')
  const text = renderSummary(summary)
  t.match(text, /2 seeds/)
  t.match(text, /2 failed/)
  t.match(text, /seed 2: broke/)
})
