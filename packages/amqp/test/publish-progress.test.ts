// What waits until publishes are on their way goes on when they are, in their order, once.
import t from 'tap'
import { PublishProgress } from '../src/publish-progress.ts'

t.test('what waits goes on with the last publish that it comes behind', async (t) => {
  const progress = new PublishProgress()
  const done: number[] = []
  const wait = (sequence: number): void => progress.wait(sequence, () => done.push(sequence))
  t.ok(progress.isRouted(0), 'nothing was published')
  t.notOk(progress.isRouted(1))
  wait(4)
  wait(2)
  t.notOk(progress.advance(1), 'nobody has waited for this one')
  t.ok(progress.isRouted(1))
  t.ok(progress.advance(4))
  t.same(done, [2, 4])
  t.ok(progress.isRouted(4))
  t.notOk(progress.advance(4))
  t.notOk(progress.advance(3), 'it was told of late')
  t.ok(progress.isRouted(4))
  t.same(done, [2, 4])
})

t.test('what goes on may wait for more at once', async (t) => {
  const progress = new PublishProgress()
  const done: string[] = []
  progress.wait(1, () => progress.wait(3, () => done.push('it')))
  progress.advance(2)
  t.same(done, [])
  progress.advance(3)
  t.same(done, ['it'])
})
