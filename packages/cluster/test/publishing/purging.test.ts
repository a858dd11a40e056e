// What a purge spares, and a queue is empty without: what consumers hold, also where a new leader
// does not know it yet, and in however many pieces.
import { shardLimits } from '@holdfast/broker'
import t, { type Test } from 'tap'
import { times } from '../../src/limits.ts'
import { LedQueue } from '../delivering/led-queue.ts'

const purge = { type: 'purge-queue', queue: 7, keep: [] } as const
const purged = (messages: number) => ({ type: 'reply', reply: { type: 'purged', messages } })

/** A queue with so many messages, of which a consumer was given ten. */
function withTenHeld(t: Test, messages: number): LedQueue {
  const led = new LedQueue()
  led.attach(1)
  led.publish(messages)
  led.look()
  t.equal(led.held, 10)
  return led
}

t.test('after an election a purge waits for the claims of consumers', async (t) => {
  const led = withTenHeld(t, 12)
  led.lead()
  t.match(led.command(purge), { type: 'error', error: { code: 'NOT_LEADER' } })
  t.equal(led.queue.liveCount, 12)
  led.attach(2, [1, 10, 0])
  t.same(led.command(purge), purged(2))
  t.equal(led.queue.liveCount, 10)
})

t.test('it waits as well for those whom the log does not know, but not for ever', async (t) => {
  const led = new LedQueue()
  led.attach(1)
  led.publish(3)
  led.look()
  led.stop(1)
  t.equal(led.queue.consumers.size, 0)
  led.lead()
  t.match(led.command(purge), { type: 'error', error: { code: 'NOT_LEADER' } })
  led.look()
  t.match(led.command(purge), { type: 'error', error: { code: 'NOT_LEADER' } })
  led.pass(times.reattachGraceMs)
  t.same(led.command(purge), purged(3))
})

t.test('a queue of which nothing can be held is purged at once', async (t) => {
  const led = new LedQueue()
  led.publish(3)
  led.lead()
  t.same(led.command(purge), purged(3))
})

t.test('it spares what is held in more pieces than one command names', async (t) => {
  const led = new LedQueue()
  const pieces = shardLimits.rangesMax + 1
  for (let left = 2 * pieces; left > 0; left -= 8_192) led.publish(Math.min(left, 8_192))
  led.markAll()
  led.lead()
  led.attach(1, Array.from({ length: pieces }, (_, i) => [2 * i + 1, 2 * i + 1, 0]).flat())
  t.equal(led.held, pieces)
  t.same(led.command(purge), purged(pieces))
  t.equal(led.queue.liveCount, pieces)
})

const deleteIfEmpty = {
  type: 'delete-queue-if',
  queue: 7,
  ifUnused: false,
  ifEmpty: true,
  held: []
} as const

t.test('a queue of which all is held is deleted as empty, once that is known', async (t) => {
  const led = withTenHeld(t, 11)
  t.match(led.command(deleteIfEmpty), { reply: { code: 'QUEUE_NOT_EMPTY' } })
  led.command(purge)
  led.lead()
  t.match(led.command(deleteIfEmpty), { type: 'error', error: { code: 'NOT_LEADER' } })
  led.attach(2, [1, 10, 0])
  t.match(led.command(deleteIfEmpty), { reply: { type: 'closing', messages: 0 } })
})
