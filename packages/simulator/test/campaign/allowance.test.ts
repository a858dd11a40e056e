// A seed is overdue by what its process has computed, not by the clock.
import t from 'tap'
import { isOverdue, seedMsMax, spentNow } from '../../src/campaign/allowance.ts'

const since = { processorMs: 1000, wallMs: 5000 }

t.test('a process that was stopped for ten times as long has failed nothing', async (t) => {
  const now = { processorMs: 2000, wallMs: 5000 + 10 * seedMsMax }
  t.notOk(isOverdue(since, now, 1, seedMsMax))
})

t.test('one that computes without an end has, and each thread has as long', async (t) => {
  const now = { processorMs: 1001 + seedMsMax, wallMs: 5000 + seedMsMax }
  t.ok(isOverdue(since, now, 1, seedMsMax))
  t.notOk(isOverdue(since, now, 2, seedMsMax))
})

t.test('one that computes nothing is over in the end', async (t) => {
  t.ok(isOverdue(since, { processorMs: 1000, wallMs: 5001 + 12 * seedMsMax }, 1, seedMsMax))
})

t.test('what is spent grows while something is computed', async (t) => {
  const before = spentNow()
  while (performance.now() - before.wallMs < 50);
  const now = spentNow()
  t.ok(now.processorMs > before.processorMs)
  t.ok(now.wallMs >= before.wallMs + 50)
})
