// What was confirmed and not delivered yet, as it is followed while a run goes on.
import { join } from 'node:path'
import { temporaryDirectory } from '@holdfast/testkit'
import t from 'tap'
import { type HistoryEvent, HistoryWriter } from '../chaos/history.ts'
import { Outstanding } from './outstanding.ts'

function deliver(sequence: number, redelivered = false, publisher = 1): HistoryEvent {
  const common = { at: 1, consumer: 1, delivery: 1, queue: 'q', size: 0, hash: 0, offset: null }
  const deliveryCount = redelivered ? 1 : 0
  return { type: 'deliver', ...common, publisher, sequence, redelivered, deliveryCount }
}

t.test('a message waits from its confirm to its delivery, whichever is seen first', async (t) => {
  const directory = temporaryDirectory(t)
  const publisher = new HistoryWriter(join(directory, 'publisher-1.jsonl'))
  const outstanding = new Outstanding(directory, (one) => one !== 9)
  t.teardown(() => outstanding.close())
  for (const [at, sequence] of [
    [10, 1],
    [20, 2],
    [30, 3]
  ] as const) {
    publisher.append({ type: 'ok', at, publisher: 1, sequence })
  }
  publisher.append({ type: 'ok', at: 5, publisher: 9, sequence: 1 })
  publisher.flush()
  outstanding.poll()
  t.same(outstanding.since(20), ['1-1', '1-2'])
  const consumer = new HistoryWriter(join(directory, 'consumer-1.jsonl'))
  for (const event of [deliver(1), deliver(4, true), deliver(4, true)]) consumer.append(event)
  consumer.flush()
  outstanding.poll()
  t.same(outstanding.since(30), ['1-2', '1-3'])
  publisher.append({ type: 'ok', at: 40, publisher: 1, sequence: 4 })
  publisher.close()
  consumer.append(deliver(2))
  consumer.append(deliver(3))
  consumer.close()
  outstanding.poll()
  t.same(outstanding.since(99), [])
})
