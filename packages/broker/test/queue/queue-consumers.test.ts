// Who of a queue's consumers is active, and whom others keep away.
import t from 'tap'
import type { Consumer } from '../../src/queue/consumer.ts'
import { QueueConsumers } from '../../src/queue/queue-consumers.ts'

function consumer(tag: string, priority = 0, exclusive = false): Consumer {
  return { session: 'ab', tag, prefetch: 1, autoAck: false, exclusive, priority }
}

t.test('the highest priority becomes active, and of those who came first', async (t) => {
  const consumers = new QueueConsumers()
  t.equal(consumers.activateNext(), null)
  for (const each of [consumer('1'), consumer('2', 5), consumer('3', 5)]) consumers.add(each)
  t.match(consumers.activateNext(), { tag: '2' })
  t.same([consumers.active, consumers.activation], ['ab/2', 1])
  t.equal(consumers.activateNext(), null, 'one is active')
  t.match(consumers.remove({ session: 'ab', tag: '2' }), { tag: '2' })
  t.equal(consumers.remove({ session: 'ab', tag: '2' }), null)
  t.equal(consumers.active, null)
  t.match(consumers.activateNext(), { tag: '3' })
  t.equal(consumers.activation, 2)
})

t.test('an exclusive one keeps others away, and is kept away by any', async (t) => {
  const consumers = new QueueConsumers()
  const key = { session: 'ab', tag: '9' }
  t.notOk(consumers.isTaken(key, true))
  consumers.add(consumer('1'))
  t.notOk(consumers.isTaken(key, false))
  t.ok(consumers.isTaken(key, true))
  t.notOk(consumers.isTaken({ session: 'ab', tag: '1' }, true), 'not by itself')
  consumers.add(consumer('2', 0, true))
  t.ok(consumers.isTaken(key, false))
  t.notOk(consumers.isTaken({ session: 'ab', tag: '2' }, false), 'not by itself either')
  consumers.add(consumer('2', 1, true))
  consumers.add(consumer('3'))
  t.ok(consumers.isTaken({ session: 'ab', tag: '3' }, false))
  consumers.add(consumer('2'))
  t.notOk(consumers.isTaken(key, false), 'it has attached again as one of many')
  consumers.add(consumer('2', 0, true))
  consumers.remove({ session: 'ab', tag: '2' })
  t.notOk(consumers.isTaken(key, false))
})

t.test('who was active is again after a restart', async (t) => {
  const consumers = new QueueConsumers()
  consumers.add(consumer('1'))
  consumers.restore('ab/1', 7)
  t.same([consumers.active, consumers.activation, consumers.activateNext()], ['ab/1', 7, null])
})
