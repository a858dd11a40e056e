// What of a queue comes next where a clock was wrong: what was passed over is not lost sight of.
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
