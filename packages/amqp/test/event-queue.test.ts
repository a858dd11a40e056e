// Events that go the same way are one: publishes by slice, settlements by range.
import t from 'tap'
import { EventQueue } from '../src/event-queue.ts'
import { noProperties } from '../src/properties.ts'
import { RecordWriter } from '../src/record-form.ts'
import type { PublishBatch } from '../src/requests.ts'

const records = new RecordWriter()

function batch(change: Partial<PublishBatch> = {}, bytes = 10): PublishBatch {
  const blob = records.write(noProperties, new Uint8Array(bytes))
  return { exchange: 'e', routingKey: 'k', copies: [], mandatory: false, count: 1, blob, ...change }
}

function publishAll(
  batches: readonly PublishBatch[],
  channels: readonly number[] = []
): EventQueue {
  const events = new EventQueue()
  for (const [index, each] of batches.entries()) {
    const origin = { channel: channels[index] ?? 1, sequence: index + 1, lowestUnconfirmed: 1 }
    events.publish(origin, each)
  }
  return events
}

t.beforeEach(() => records.begin(65_536))

t.test('publishes of one channel, exchange and key are one event', async (t) => {
  const batches = [batch(), batch(), batch()]
  const events = publishAll(batches).take()
  t.equal(events.length, 1)
  t.match(events[0], { type: 'publish', firstSequence: 1, count: 3 })
  const blob = batches.flatMap((each) => [...each.blob])
  t.same(events[0]?.type === 'publish' ? [...events[0].blob] : [], blob)
})

t.test('another way, another event', async (t) => {
  t.equal(publishAll([batch(), batch()], [1, 2]).take().length, 2)
  t.equal(publishAll([batch(), batch({ exchange: 'x' })]).take().length, 2)
  t.equal(publishAll([batch(), batch({ routingKey: 'x' })]).take().length, 2)
  t.equal(publishAll([batch(), batch({ copies: ['x'] })]).take().length, 2)
  t.equal(publishAll([batch({ mandatory: true }), batch({ mandatory: true })]).take().length, 2)
  t.equal(publishAll([batch({}, 60_000), batch({}, 60_000)]).take().length, 2, 'another slab')
})

t.test('an event has a bound', async (t) => {
  // One slab holds them all.
  records.begin(65_536)
  const events = publishAll(Array.from({ length: 1_500 }, () => batch({}, 1)))
  t.same(
    events.take().map((event) => (event.type === 'publish' ? event.count : 0)),
    [1_024, 476]
  )
})

t.test('settlements of one consumer and outcome are ranges of one event', async (t) => {
  const events = new EventQueue()
  const settle = (consumer: number, ranges: number[]): void =>
    events.settle({ consumer, outcome: 'accepted', ranges })
  settle(1, [5, 5, 0])
  settle(1, [6, 6, 0])
  settle(1, [8, 8, 0])
  settle(2, [9, 9, 0])
  settle(1, [9, 9, 0])
  events.push({ type: 'closed', error: null })
  settle(1, [10, 10, 0])
  const taken = events.take()
  t.same(
    taken.map((event) => (event.type === 'settle' ? [event.consumer, event.ranges] : null)),
    [[1, [5, 6, 0, 8, 8, 0]], [2, [9, 9, 0]], [1, [9, 9, 0]], null, [1, [10, 10, 0]]]
  )
  settle(1, [11, 11, 0])
  t.same(taken.at(-1), { type: 'settle', consumer: 1, outcome: 'accepted', ranges: [10, 10, 0] })
})
