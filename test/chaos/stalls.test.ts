// Stalls: which times without a confirm a fault explains, and which nothing does.
import t from 'tap'
import { type Stall, Stalls } from './stalls.ts'
import { Violations } from './violations.ts'

const ms = 1e6

interface Verdict {
  readonly stalls: readonly Stall[]
  readonly kinds: readonly string[]
  readonly recoveryMs: number
}

/** Confirms of queue `q`, and faults by their names, at these milliseconds. */
function judge(events: readonly (readonly ['q' | string, number])[]): Verdict {
  const stalls = new Stalls()
  let sequence = 0
  for (const [name, at] of events) {
    if (name === 'q') {
      sequence += 1
      const publish = { publisher: 1, sequence, queue: name, size: 0, hash: 0 }
      stalls.push({ type: 'invoke', at: at * ms, ...publish })
      stalls.push({ type: 'ok', at: at * ms, publisher: 1, sequence })
    } else stalls.push({ type: 'fault', at: at * ms, fault: name, node: null, group: null })
  }
  const violations = new Violations()
  const found = stalls.finish(violations)
  const kinds = Object.keys(violations.all())
  return { stalls: found, kinds, recoveryMs: stalls.longestRecoveryMs }
}

t.test('a stall without a fault is a violation', async (t) => {
  const verdict = judge([...([['healed', 0]] as const), ['q', 10], ['q', 1_020]])
  t.same(verdict.kinds, ['unexplained-gap'])
  t.match(verdict.stalls, [{ queue: 'q', ms: 1_010, faults: [] }])
})

t.test('less than a second is none', async (t) => {
  const verdict = judge([...([['healed', 0]] as const), ['q', 10], ['q', 1_000]])
  t.same(verdict, { stalls: [], kinds: [], recoveryMs: 0 })
})

t.test('the fault in force explains it, and its end does not count as one', async (t) => {
  const verdict = judge([
    ...([
      ['healed', 0],
      ['q', 10],
      ['kill-leader', 20]
    ] as const),
    ...([
      ['restart', 700],
      ['q', 2_000],
      ['healed', 2_100]
    ] as const),
    ['q', 2_200]
  ])
  t.same(verdict.kinds, [])
  t.same(
    verdict.stalls.map(({ faults }) => faults),
    [['kill-leader']]
  )
  t.equal(verdict.recoveryMs, 100)
})

t.test('a fault explains what comes soon after it was healed, and nothing later', async (t) => {
  const begun = [
    ['q', 0],
    ['pause-leader', 10],
    ['resume', 20],
    ['healed', 30]
  ] as const
  const soon = [
    ['q', 40],
    ['q', 1_500]
  ] as const
  t.same(judge([...begun, ...soon]).kinds, [])
  const later = [
    ['q', 40],
    ['q', 900],
    ['q', 1_800],
    ['q', 2_700],
    ['q', 3_600]
  ] as const
  t.same(judge([...begun, ...later, ['q', 4_700]]).kinds, ['unexplained-gap'])
})

t.test('trouble of the machine explains its moment, and no more', async (t) => {
  const crowded = [
    ['healed', 0],
    ['q', 10],
    ['machine-crowded', 500],
    ['q', 1_200]
  ] as const
  t.same(judge(crowded).kinds, [])
  const later = [
    ['q', 2_000],
    ['q', 3_100]
  ] as const
  t.same(judge([...crowded, ...later]).kinds, ['unexplained-gap'])
})

t.test('after the healing every queue confirms within a bound', async (t) => {
  const begun = [
    ['q', 0],
    ['kill-all', 10],
    ['healed', 100]
  ] as const
  const verdict = judge([...begun, ['q', 10_200]])
  t.same(verdict.kinds, ['late-confirm'])
  t.equal(verdict.recoveryMs, 10_100)
})

t.test('a run that never says that all is well is held to nothing', async (t) => {
  t.same(
    judge([
      ['q', 0],
      ['q', 5_000]
    ]).kinds,
    []
  )
})
