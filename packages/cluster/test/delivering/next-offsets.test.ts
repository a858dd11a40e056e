// What of a queue comes next: what was passed over where a clock was wrong is not lost sight of,
// and what is given up is not what would be handed out first.
import type { QueueView } from '@holdfast/broker'
import t from 'tap'
import type { Consumer } from '../../src/delivering/consumer.ts'
import { HeldDeliveries } from '../../src/delivering/held-deliveries.ts'
import { NextOffsets } from '../../src/delivering/next-offsets.ts'

t.test('after a rewind comes all that nobody holds, each once', async (t) => {
  const deadlines = [Number.POSITIVE_INFINITY, 500, 500, Number.POSITIVE_INFINITY, 900]
  const row = (offset: number) => ({ deadlineMs: deadlines[offset - 1] ?? 0 })
  const nextLive = (from: number, afterMs = 0): number | null => {
    const at = deadlines.findIndex((deadlineMs, i) => i + 1 >= from && deadlineMs > afterMs)
    return at < 0 ? null : at + 1
  }
  const settings = { lengthLimit: null }
  const isOut = () => true
  const queue = { tail: deadlines.length, settings, isOut, nextLive, row } as unknown as QueueView
  const held = new HeldDeliveries(queue)
  const next = new NextOffsets(queue, held)
  const holder = { unsettled: 0 } as Consumer
  const handOut = (timeMs: number): number[] => {
    next.judge.judgeBy(timeMs)
    const handedOut: number[] = []
    for (;;) {
      const back = next.takeReturned()
      const offset = back ?? next.nextFresh()
      if (offset === null) return handedOut
      held.add(offset, 1, holder)
      if (back === null) next.passed(offset + 1)
      handedOut.push(offset)
    }
  }
  t.same(handOut(1_000), [1, 4])
  held.gone([4, 4], 2)
  next.returned(4, 4)
  t.same(handOut(1_000), [4])
  held.gone([1, 1], 2)
  next.returned(1, 1)
  next.rewind()
  t.same(handOut(600), [1, 5], '4 is held')
  next.rewind()
  t.same(handOut(100), [2, 3])
  t.equal(holder.unsettled, 5)
})

t.test('of what came back, the last is given up first', async (t) => {
  const free = new Set<number>()
  const gone = new Set([14])
  const queue = {
    tail: 15,
    settings: { lengthLimit: { messages: 2, bytes: null } },
    isOut: (offset: number) => !free.has(offset),
    nextLive: () => null,
    row: (offset: number) => (gone.has(offset) ? null : { deadlineMs: Number.POSITIVE_INFINITY })
  } as unknown as QueueView
  const next = new NextOffsets(queue, new HeldDeliveries(queue))
  next.returned(11, 15)
  next.returned(15, 15)
  t.same(next.takeReserved(2), [13, 13, 15, 15])
  for (const offset of [13, 15]) free.add(offset)
  next.decided([13, 13, 15, 15])
  t.same([next.takeReturned(), next.takeReturned(), next.takeReturned()], [11, 12, null])
  t.same(next.takeUnreserved(1), [13, 13], 'and comes again, the first of it first')
  t.equal(next.isEmpty, false)
})
