// Who waits for changes waits for those that were asked for before, however they end.
import t from 'tap'
import { Pending } from '../../src/sessions/pending.ts'

t.test('without any there is nothing to wait for', async (t) => {
  let isDone = false
  new Pending().whenDone(() => {
    isDone = true
  })
  t.ok(isDone)
})

t.test('those before count, in any order, and later ones do not', async (t) => {
  const changes = new Pending()
  const done: string[] = []
  const first = changes.begin()
  changes.whenDone(() => done.push('after the first'))
  const second = changes.begin()
  changes.whenDone(() => done.push('after both'))
  const third = changes.begin()
  second()
  t.same(done, [])
  first()
  t.same(done, ['after the first', 'after both'])
  first()
  third()
  changes.whenDone(() => done.push('at once'))
  t.equal(done.at(-1), 'at once')
})
