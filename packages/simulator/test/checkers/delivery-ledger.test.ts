// What leaders hand out: within the mark, and once for each attempt.
import { noDeadlineMs } from '@holdfast/broker'
import t from 'tap'
import type { Check } from '../../src/checkers/checks.ts'
import { DeliveryLedger } from '../../src/checkers/delivery-ledger.ts'

type HandOver = readonly [
  term: number,
  offset: number,
  count: number,
  attempt: number,
  latestTerm?: number,
  actual?: number,
  deliveryCount?: number
]

const row = {
  entry: 1,
  position: 0,
  section: 0,
  sizeBytes: 1,
  deliveryCount: 0,
  deadlineMs: noDeadlineMs,
  priority: 0
}

const plain = { settings: { maxPriority: 0 }, nextLive: () => null }

/** What is found when these are handed out of a queue with a mark of 10. */
function findings(...handOvers: readonly HandOver[]): Check[] {
  const found: Check[] = []
  const ledger = new DeliveryLedger(
    'group 1',
    (check) => void found.push(check),
    () => 0
  )
  for (const handOver of handOvers) {
    const [term, firstOffset, count, attempt, latestTerm = term, actual = attempt] = handOver
    const [, , , , , , deliveryCount = 0] = handOver
    ledger.handedOut(
      { replica: 1, term, latestTerm },
      { id: 5, mark: 10, isOut: () => true, row: () => ({ ...row, attempt: actual }), ...plain },
      { firstOffset, count, attempt, deliveryCount }
    )
  }
  return found
}

t.test('messages are handed out one after the other, and again when they came back', async (t) => {
  t.same(findings([1, 1, 5, 0], [1, 6, 5, 0], [1, 3, 1, 1], [2, 3, 1, 2]), [])
})

t.test('a run that ends above the mark is found', async (t) => {
  t.same(findings([1, 8, 4, 0]), ['dispatch-mark'])
})

t.test('a message in two hands is found', async (t) => {
  t.same(findings([1, 1, 5, 0], [1, 5, 1, 0]), ['one-holder'])
})

t.test('a repeat without a flag after a change of leader is found', async (t) => {
  t.same(findings([1, 4, 1, 0], [2, 4, 1, 0]), ['one-holder'])
})

t.test('an attempt that goes back is found', async (t) => {
  t.same(findings([1, 4, 1, 2], [2, 4, 1, 1]), ['one-holder'])
})

t.test('a leader that hands out after the next was elected is found', async (t) => {
  t.same(findings([2, 4, 1, 0, 3]), ['lease'])
})

t.test('a message that is told with the attempt of another is found', async (t) => {
  t.same(findings([1, 1, 1, 0, 1, 1]), ['true-attempt'])
})

t.test('a message that is told with the count of another is found', async (t) => {
  t.same(findings([1, 1, 1, 1], [1, 1, 1, 2, 1, 2, 1]), ['true-attempt'])
})

t.test('a message that came back more often than it was handed out is found', async (t) => {
  t.same(findings([1, 1, 1, 0], [1, 1, 1, 1, 1, 1, 1]), ['true-attempt'])
  t.same(findings([1, 1, 1, 1, 1, 1, 1]), ['true-attempt', 'counted-returns'])
  const found: Check[] = []
  const report = (check: Check) => void found.push(check)
  const ledger = new DeliveryLedger('group 1', report, () => 0)
  const left = { type: 'left', queue: 5, ranges: [3, 4] } as const
  ledger.applied(1, 1, { queue: () => undefined, timeMs: 0 }, [
    { ...left, reason: 'maxlen' },
    { ...left, reason: 'delivery_limit' }
  ])
  t.same(found, ['counted-returns', 'counted-returns'])
})

t.test('what is handed out after its time in the log is found', async (t) => {
  const found: string[] = []
  let nowMs = 1
  const ledger = new DeliveryLedger(
    'group 1',
    (check) => void found.push(check),
    () => nowMs
  )
  const handOut = (firstOffset: number, deadlineMs: number): void => {
    const live = { ...row, attempt: 0, deadlineMs }
    const queue = { id: 5, mark: 10, isOut: () => true, row: () => live, ...plain }
    const run = { firstOffset, count: 1, attempt: 0, deliveryCount: 0 }
    ledger.handedOut({ replica: 1, term: 1, latestTerm: 1 }, queue, run)
  }
  ledger.applied(1, 1, { queue: () => undefined, timeMs: 100 }, [])
  ledger.applied(2, 1, { queue: () => undefined, timeMs: 900 }, [])
  handOut(1, 99)
  t.same(found, [], 'it has arrived in this moment')
  nowMs = 2
  handOut(2, 100)
  t.same(found, [])
  handOut(3, 99)
  t.same(found, ['in-time'])
})

t.test('what is handed out before something of a higher priority is found', async (t) => {
  const found: string[] = []
  const ledger = new DeliveryLedger(
    'group 1',
    (check) => void found.push(check),
    () => 0
  )
  const priorities = [0, 5, 9, 5, 9]
  const attempts = [0, 0, 0, 0, 0]
  const queue = {
    id: 5,
    mark: 5,
    settings: { maxPriority: 9 },
    isOut: (offset: number) => offset !== 5,
    nextLive: (offset: number) => (offset <= priorities.length ? offset : null),
    row: (offset: number) => ({
      ...row,
      attempt: attempts[offset - 1] ?? 0,
      priority: priorities[offset - 1] ?? 0
    })
  }
  const handOut = (firstOffset: number): void => {
    const run = { firstOffset, count: 1, attempt: attempts[firstOffset - 1] ?? 0, deliveryCount: 0 }
    ledger.handedOut({ replica: 1, term: 1, latestTerm: 1 }, queue, run)
  }
  handOut(3)
  t.same(found, [], 'what is not reserved does not count')
  handOut(4)
  t.same(found, ['priority'], 'of one priority the oldest is first')
  handOut(2)
  t.same(found, ['priority'])
  attempts[2] = 1
  handOut(1)
  t.same(found, ['priority', 'priority'], 'what came back is before what is lower')
  handOut(3)
  t.equal(found.length, 2)
})
