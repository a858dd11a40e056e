// What a purge may have taken from a consumer: what was handed out while the purge was on its way.
import t from 'tap'
import { PurgeTimes } from '../../src/clients/purge-times.ts'

t.test('what was handed out before the purge was asked for is spared', async (t) => {
  const purges = new PurgeTimes()
  t.notOk(purges.mayHaveTaken('a', 100))
  const end = purges.begin('a', 100)
  t.notOk(purges.mayHaveTaken('a', 99))
  t.ok(purges.mayHaveTaken('a', 100))
  t.ok(purges.mayHaveTaken('a', 90_000), 'it goes on')
  t.notOk(purges.mayHaveTaken('b', 200))
  end(300, false)
  t.ok(purges.mayHaveTaken('a', 300), 'however late it came')
  t.notOk(purges.mayHaveTaken('a', 301))
})

t.test('one that was asked for twice may be carried out again', async (t) => {
  const purges = new PurgeTimes()
  purges.begin('a', 100)(300, true)
  t.ok(purges.mayHaveTaken('a', 2000))
  t.notOk(purges.mayHaveTaken('a', 20_000))
})

t.test('what was confirmed before and that nobody got must be gone', async (t) => {
  const purges = new PurgeTimes()
  purges.confirmed('a', 'unwatched', 10)
  purges.watch('a')
  for (const message of ['early', 'seen', 'late']) {
    purges.confirmed('a', message, message === 'late' ? 100 : 50)
  }
  purges.confirmed('b', 'early', 50)
  purges.received('a', 'seen')
  purges.done('a', 100, 300)
  t.equal(purges.takenMs('a', 'early'), 300)
  for (const message of ['unwatched', 'seen', 'late']) t.equal(purges.takenMs('a', message), null)
  purges.done('b', 100, 300)
  t.equal(purges.takenMs('b', 'early'), null, 'nobody purges it')
  purges.done('a', 200, 400)
  t.same([purges.takenMs('a', 'early'), purges.takenMs('a', 'late')], [300, 400])
})
