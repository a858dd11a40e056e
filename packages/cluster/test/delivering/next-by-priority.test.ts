// What of a queue with priorities comes next at its leader, and what it lets go of.
import type { QueueView } from '@holdfast/broker'
import t from 'tap'
import type { Consumer } from '../../src/delivering/consumer.ts'
import { HeldDeliveries } from '../../src/delivering/held-deliveries.ts'
import { NextByPriority } from '../../src/delivering/next-by-priority.ts'

const never = Number.POSITIVE_INFINITY

/** Messages with these priorities, all of them reserved. */
function withMessages(priorities: readonly number[], deadlines: readonly number[] = []) {
  const ready = new Set<number>()
  const row = (offset: number) => {
    const priority = priorities[offset - 1]
    return priority === undefined ? null : { priority, deadlineMs: deadlines[offset - 1] ?? never }
  }
  const nextLive = (from: number) => (from <= priorities.length ? from : null)
  const queue = {
    tail: priorities.length,
    settings: { maxPriority: 9 },
    row,
    nextLive,
    isOut: (offset: number) => !ready.has(offset),
    get readyCount() {
      return ready.size
    }
  } as unknown as QueueView
  const held = new HeldDeliveries(queue)
  const next = new NextByPriority(queue, held)
  const all = (): number[] => {
    const taken: number[] = []
    for (let at = next.takeReturned(); at !== null; at = next.takeReturned()) taken.push(at)
    return taken
  }
  return { next, held, ready, all }
}

t.test('the highest priority comes first, and of it the oldest', async (t) => {
  const { next, all } = withMessages([0, 5, 9, 5, 0])
  next.returned(4, 5)
  next.arrived(1, 3)
  t.equal(next.reservedCount, 5)
  t.equal(next.nextFresh(), null)
  t.same(all(), [3, 2, 4, 1, 5])
  t.equal(next.isEmpty, true)
})

t.test('what is not reserved, is held or is there twice is passed over', async (t) => {
  const { next, held, ready, all } = withMessages([1, 1, 1, 1, 1])
  ready.add(2)
  next.returned(1, 9)
  next.returned(1, 1)
  ready.add(3)
  held.add(4, 1, { unsettled: 0 } as Consumer)
  t.same(all(), [1, 5])
  t.equal(next.isEmpty, false, 'two are ready')
})

t.test('what is due is passed over, unless it has just come', async (t) => {
  const { next, all } = withMessages([0, 9, 0], [5, 5, 50])
  next.returned(1, 2)
  next.judge.judgeBy(10)
  next.arrived(3, 3)
  t.same(all(), [3])
  next.judge.judged()
  next.judge.judgeBy(4)
  next.rewind()
  t.same(all(), [2, 1, 3], 'a clock was set right')
})

t.test('the lowest priorities are given up, and no others', async (t) => {
  const { next, all } = withMessages([0, 5, 9, 5, 0])
  next.returned(1, 5)
  t.same(next.takeRest(2), [4, 4, 1, 1, 5, 5])
  t.same(all(), [3, 2])
  t.same(next.takeRest(0), [])
})
