// The pieces of a campaign are told as a report with a verdict.
import t from 'tap'
import { Checker } from '../checker.ts'
import type { PieceRecord } from './piece-record.ts'
import { summarise } from './summary.ts'

function record(piece: number, changes: Partial<PieceRecord> = {}): PieceRecord {
  return {
    piece,
    profile: 'failover',
    seed: 1,
    seconds: 60,
    nodes: 3,
    isIsolated: true,
    isDrained: true,
    strikes: { 'kill-leader': 2 },
    leftOut: [],
    faults: { 'kill-leader': 2, restart: 2 },
    gaps: [
      { fault: 'kill-leader', queueMs: 300 },
      { fault: 'kill-leader', queueMs: 500 }
    ],
    stalls: { 'kill-leader': 1 },
    recoveryMs: 120,
    calmElections: null,
    report: new Checker({ isStrict: true }).finish(),
    directory: null,
    ...changes
  }
}

t.test('the report has sums, gaps by fault, and passes what is sound', async (t) => {
  const { text, isSound } = summarise([record(1), record(2)])
  t.ok(isSound)
  t.match(text, /minutes +2\n/)
  t.match(text, /kill-leader +4 +400 +500 +500 +500/)
  t.match(text, /2 of 2 pieces in a network of namespaces/)
})

t.test('what is wrong is told, and fails', async (t) => {
  const report = record(1).report
  const lost = { prefix: 0, middle: 3, postfix: 1 }
  const violations = { lost: { count: 4, examples: ['1-7 in chaos.2'] } }
  const bad = { ...report, lost, lostByQueue: { 'chaos.2': lost }, violations, isSound: false }
  const wrong: Readonly<Record<string, Partial<PieceRecord>>> = {
    'piece 1: lost': { report: bad },
    'piece 1, chaos.2 +0 +3 +1': { report: bad },
    'not empty at the end': { isDrained: false },
    '3 elections': { calmElections: 3 },
    'errors: x': { report: { ...report, errors: 1, errorExamples: ['x'] } },
    'kill-leader: median 900 ms': { gaps: [{ fault: 'kill-leader', queueMs: 900 }] },
    'kill-leader: p99 2000 ms': { gaps: [{ fault: 'kill-leader', queueMs: 2_000 }] }
  }
  for (const [sentence, changes] of Object.entries(wrong)) {
    const { text, isSound } = summarise([record(1, changes)])
    t.notOk(isSound, sentence)
    t.match(text, new RegExp(sentence))
  }
})
