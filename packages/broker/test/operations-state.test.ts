// Operations by themselves: targets, order, what is forgotten.
import t from 'tap'
import { metadataLimits } from '../src/limits.ts'
import { OperationsState } from '../src/operations-state.ts'

t.test('targets tell operations apart', async (t) => {
  const operations = new OperationsState(metadataLimits)
  t.equal(operations.start(1, 'add-node', { peer: 'a', node: null }, 10), 1)
  t.equal(operations.start(2, 'add-node', { peer: 'b', node: null }, 10), 2)
  t.equal(operations.start(3, 'remove-node', { peer: null, node: 1 }, 10), 3)
  t.equal(operations.start(4, 'remove-node', { peer: null, node: 2 }, 10), 4)
  t.equal(operations.start(5, 'add-node', { peer: 'a', node: null }, 10), 1)
  t.equal(operations.start(6, 'remove-node', { peer: null, node: 2 }, 10), 4)
  t.same(
    operations.running.map(({ id }) => id),
    [1, 2, 3, 4]
  )
})

t.test('what succeeded is done in full, whatever was reported last', async (t) => {
  const operations = new OperationsState(metadataLimits)
  const progress = { node: 4, step: 'add-node', done: 9, total: 17, sentence: '9 of 17' }
  operations.start(1, 'add-node', { peer: 'a', node: null }, 10)
  operations.advance({ id: 1, ...progress })
  operations.end(1, null, 20)
  t.match(operations.get(1), { state: 'succeeded', node: 4, done: 17, total: 17 })
  t.equal(operations.get(1)?.sentence, 'node 4 is a member')
  operations.start(2, 'remove-node', { peer: null, node: 4 }, 10)
  operations.advance({ id: 2, ...progress })
  operations.end(2, { code: 'LAST_NODE', message: 'no' }, 20)
  t.match(operations.get(2), { state: 'failed', done: 9, sentence: '9 of 17' })
})

t.test('what runs is never forgotten, what ended is after a while', async (t) => {
  const operations = new OperationsState({ ...metadataLimits, operationsEndedMax: 2 })
  operations.start(1, 'add-node', { peer: 'kept', node: null }, 10)
  for (let id = 2; id <= 6; id++) {
    operations.start(id, 'add-node', { peer: `p${id}`, node: null }, 10)
    t.ok(operations.end(id, null, 20 + id))
    t.notOk(operations.end(id, null, 99), 'ended once')
  }
  t.same(
    operations.operations.map(({ id }) => id),
    [1, 5, 6]
  )
  t.match(operations.get(6), { state: 'succeeded', startedMs: 10, endedMs: 26, error: null })
  t.throws(() => operations.end(2, null, 99), { code: 'OPERATION_NOT_FOUND' })
})
