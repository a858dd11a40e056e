// Nothing overtakes publishes: what waits for their outcomes is done after the last, once.
import t from 'tap'
import { PublishBarrier } from '../src/publish-barrier.ts'

t.test('what waits is done when the last outcome is known, once', async (t) => {
  const barrier = new PublishBarrier()
  let done = 0
  const work = (): void => {
    done++
  }
  barrier.wait(work)
  t.equal(done, 1, 'nothing is under way')
  for (let sequence = 1; sequence <= 3; sequence++) barrier.published(sequence)
  barrier.wait(work)
  barrier.decided(2)
  t.equal(done, 1)
  barrier.decided(1)
  t.equal(done, 2)
  barrier.published(7)
  barrier.decided(1)
  t.equal(done, 2)
  t.equal(barrier.lastSequence, 7)
})

t.test('what was given up is not done', async (t) => {
  const barrier = new PublishBarrier()
  barrier.published(1)
  barrier.wait(() => t.fail('it was given up'))
  barrier.clear()
  barrier.decided(1)
})

t.test('an outcome too many is a mistake', async (t) => {
  t.throws(() => new PublishBarrier().decided(1), /once/)
})
