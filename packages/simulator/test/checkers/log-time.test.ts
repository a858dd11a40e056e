// The time of a log as a replica knows it, before a moment and after.
import t from 'tap'
import { LogTime } from '../../src/checkers/log-time.ts'

t.test('what is applied in a moment counts from the next on', async (t) => {
  const time = new LogTime()
  t.equal(time.before(5), 0)
  time.applied(100, 10)
  time.applied(130, 10)
  t.equal(time.before(10), 0)
  t.equal(time.before(11), 130)
  time.applied(150, 12)
  t.same([time.before(12), time.before(13)], [130, 150])
})
