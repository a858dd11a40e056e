// What a queue gets a second time is found, wherever it lies and whatever became of the first.
import t from 'tap'
import { StoredOnce } from '../../src/checkers/stored-once.ts'
import { movedQueue } from '../../src/clients/ways.ts'

const bodies = new Map([
  [1, 'p1:1|x'],
  [2, 'p1:2|xx'],
  [3, 'p1:1|x'],
  [4, 'no client of the world']
])

function published(queue: number, first: number, last: number) {
  return { type: 'published', queue, first, last } as const
}

t.test('a message that a queue has got before is named', async (t) => {
  const once = new StoredOnce()
  const queue = { name: 'q', bodies }
  t.same(once.repeats(published(7, 1, 2), queue), [])
  t.same(once.repeats(published(8, 1, 2), queue), [], 'another queue may get it too')
  t.same(once.repeats(published(7, 3, 3), queue), ['p1:1'])
  t.same(once.repeats(published(7, 4, 4), queue), [])
  t.same(once.repeats(published(7, 4, 4), queue), [], 'others may repeat themselves')
})

t.test('a queue whose messages are put back, or that is gone, is not judged', async (t) => {
  const once = new StoredOnce()
  t.same(once.repeats(published(7, 1, 3), { name: movedQueue, bodies }), [])
  t.same(once.repeats(published(8, 1, 3), undefined), [])
})
