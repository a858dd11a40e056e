// What came back in the term of a leader is handed out before what lies behind it.
import { noDeadlineMs } from '@holdfast/broker'
import t from 'tap'
import { ReturnedFirst } from '../../src/checkers/returned-first.ts'

const entry = { entry: 1, position: 0, section: 0, sizeBytes: 1 }
const row = { ...entry, attempt: 1, deliveryCount: 1, deadlineMs: noDeadlineMs, priority: 0 }

/** Offset 3 came back in `backTerm`; `first` is handed out in term 2. */
function passedOver(
  first: number,
  backTerm: number,
  {
    there = row,
    isOut = true,
    given = 0
  }: { there?: typeof row | null; isOut?: boolean; given?: number } = {}
): number | null {
  const order = new ReturnedFirst()
  order.applied(backTerm, [{ type: 'returned', queue: 5, ranges: [3, 3] }])
  const queue = { id: 5, isOut: () => isOut, row: () => there }
  return order.passedOver(2, queue, first, () => given)
}

t.test('what lies behind it has to wait', async (t) => {
  t.equal(passedOver(4, 2), 3)
  t.equal(passedOver(3, 2), null)
  t.equal(passedOver(2, 2), null)
})

t.test('what a leader does not have need not come first', async (t) => {
  t.equal(passedOver(4, 1), null, 'somebody may hold it since the term before')
  t.equal(passedOver(4, 2, { given: 1 }), null, 'it was handed out again')
  t.equal(passedOver(4, 2, { isOut: false }), null, 'it is not reserved')
  t.equal(passedOver(4, 2, { there: null }), null, 'it is gone')
  t.equal(passedOver(4, 2, { there: { ...row, deadlineMs: 7 } }), null, 'it may be due')
})
