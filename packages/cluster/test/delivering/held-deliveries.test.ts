// Who holds what: claims, settlements of an old attempt, and what the log decides.
import type { QueueView } from '@holdfast/broker'
import t from 'tap'
import type { Consumer } from '../../src/delivering/consumer.ts'
import { HeldDeliveries } from '../../src/delivering/held-deliveries.ts'

function consumer(tag: string): Consumer {
  const key = { session: 'aa', tag }
  return { key, number: 1, prefetch: 10, autoAck: false, unsettled: 0 } as unknown as Consumer
}

/** Ten live messages; `attempts` may change. */
function queueOf(attempts: number[]): QueueView {
  const isLive = (offset: number): boolean => offset >= 1 && offset <= attempts.length
  return {
    mark: attempts.length,
    isOut: () => true,
    nextLive: (offset: number) => (isLive(Math.max(1, offset)) ? Math.max(1, offset) : null),
    row: (offset: number) => (isLive(offset) ? { attempt: attempts[offset - 1] } : null)
  } as unknown as QueueView
}

t.test('only the delivery that is held can be settled, in its own attempt', async (t) => {
  const attempts = [0, 0, 0, 1]
  const held = new HeldDeliveries(queueOf(attempts))
  const one = consumer('one')
  held.add(1, 4, one)
  t.equal(one.unsettled, 4)
  t.same(held.take(consumer('two'), { first: 1, last: 1, attempt: 0 }), [])
  t.same(held.take(one, { first: 1, last: 2, attempt: 0 }), [{ first: 1, last: 2, attempt: 0 }])
  t.equal(one.unsettled, 2)
  t.same(held.take(one, { first: 1, last: 1, attempt: 0 }), [], 'not twice')
  const wide = { first: 1, last: 2 ** 40, attempt: 0 }
  t.same(held.take(one, wide), [{ first: 3, last: 3, attempt: 0 }], 'and no walk through nothing')
})

t.test('of a range that is not held as a whole the rest is settled', async (t) => {
  const attempts = [0, 0, 1, 0]
  const held = new HeldDeliveries(queueOf(attempts))
  const one = consumer('one')
  held.add(1, 4, one)
  t.same(held.take(one, { first: 1, last: 4, attempt: 0 }), [
    { first: 1, last: 2, attempt: 0 },
    { first: 4, last: 4, attempt: 0 }
  ])
  t.equal(one.unsettled, 1, 'nothing but the third stays in its hands')
})

t.test('what a purge took counts until its consumer lets go of it', async (t) => {
  const attempts: (number | null)[] = [0, 0, 0]
  const row = (offset: number) => {
    const attempt = attempts[offset - 1] ?? null
    return attempt === null ? null : { attempt }
  }
  const held = new HeldDeliveries({ row } as unknown as QueueView)
  const one = consumer('one')
  held.add(1, 3, one)
  attempts[1] = null
  t.equal(one.unsettled, 3, 'it works on it all the same')
  t.same(held.take(one, { first: 2, last: 3, attempt: 0 }), [{ first: 3, last: 3, attempt: 0 }])
  t.equal(one.unsettled, 1)
  t.notOk(held.has(2))
})

t.test('what came back and was handed out anew is not undone by a late decision', async (t) => {
  const held = new HeldDeliveries(queueOf([0]))
  const one = consumer('one')
  held.add(1, 1, one)
  held.take(one, { first: 1, last: 1, attempt: 0 })
  held.gone([1, 1], 2)
  held.add(1, 1, one)
  held.decided(1, 1)
  t.ok(held.has(1))
  t.equal(one.unsettled, 1)
})

t.test('the same consumer on a new connection takes over what it names', async (t) => {
  const held = new HeldDeliveries(queueOf([0, 0, 2]))
  const before = consumer('one')
  const after = consumer('one')
  held.add(1, 3, before)
  held.claim(after, before, { first: 2, last: 2, attempt: 0 })
  held.claim(after, before, { first: 3, last: 2 ** 40, attempt: 1 })
  t.same([before.unsettled, after.unsettled], [2, 1])
  t.same(held.takeAll(before), [1, 1, 0, 3, 3, 2])
  t.same(held.ranges(), [1, 3])
})

t.test('what a consumer held goes back as ranges', async (t) => {
  const held = new HeldDeliveries(queueOf([0, 0, 0, 1, 1]))
  const one = consumer('one')
  held.add(4, 2, one)
  held.add(1, 3, one)
  t.same(held.takeAll(one), [1, 3, 0, 4, 5, 1])
})

t.test('a range is settled that is wider than what one consumer may hold', async (t) => {
  const held = new HeldDeliveries(queueOf(Array.from({ length: 70_000 }, () => 0)))
  const one = consumer('one')
  held.add(69_000, 1000, one)
  held.add(1, 60_000, one)
  t.same(held.take(one, { first: 1, last: 70_000, attempt: 0 }), [
    { first: 1, last: 60_000, attempt: 0 },
    { first: 69_000, last: 69_999, attempt: 0 }
  ])
  t.equal(one.unsettled, 0)
})

t.test('what is settled again waits until the log has decided', async (t) => {
  const held = new HeldDeliveries(queueOf([0, 0, 0]))
  const one = consumer('one')
  held.add(1, 3, one)
  held.take(one, { first: 1, last: 2, attempt: 0 })
  const told: string[] = []
  held.whenDecided([3, 3, 0], () => told.push('held'))
  held.whenDecided([1, 2, 0], () => told.push('both'))
  held.whenDecided([1, 2 ** 40, 0], () => told.push('wide'))
  t.same(told, ['held'], 'nothing is decided on what somebody holds')
  held.decided(1, 1)
  t.same(told, ['held'])
  held.gone([2, 2], 2)
  t.same(told, ['held', 'both', 'wide'])
})
