// Plans that failed once are replayed for ever: what they showed must not come back.
import t from 'tap'
import { runPlan } from '../src/run.ts'
import { readSchedules } from '../src/schedules.ts'

for (const { name, showed, plan } of readSchedules()) {
  t.test(`${name} does not show again: ${showed}`, async (t) => {
    const { failures, lines } = await runPlan(plan)
    if (!t.same(failures, [])) for (const line of lines.slice(-100)) t.comment(line)
  })
}

t.test('there are plans that are kept', async (t) => {
  t.ok(readSchedules().length > 0)
})
