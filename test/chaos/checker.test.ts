// The checker against hand-made histories: good ones pass, and each bad one is found out for what
// it is, and for nothing else.
import t from 'tap'
import { Checker } from './checker.ts'
import type { HistoryEvent } from './history.ts'
import {
  bad,
  both,
  deliver,
  ended,
  flagged,
  good,
  ok,
  publish,
  startHistory,
  type Untimed,
  whole,
  without
} from './sample-histories.ts'
import type { Report } from './violations.ts'

function judge(make: () => Untimed[], isStrict: boolean): Report {
  startHistory()
  const checker = new Checker({ isStrict })
  for (const [at, event] of make().entries()) checker.push({ ...event, at } as HistoryEvent)
  return checker.finish()
}

t.test('good histories pass', async (t) => {
  for (const [name, make] of Object.entries(good)) {
    const report = judge(make, true)
    t.same(report.violations, {}, name)
    t.ok(report.isSound, name)
  }
})

t.test('each bad history is found out, for what it is', async (t) => {
  t.ok(Object.keys(bad).length >= 30, `${Object.keys(bad).length} bad histories`)
  for (const [name, [kind, make]] of Object.entries(bad)) {
    const report = judge(make, true)
    t.notOk(report.isSound, name)
    t.ok((report.violations[kind]?.count ?? 0) > 0, `${name}: ${kind}`)
    t.same(Object.keys(report.violations), [kind], `${name}: nothing else`)
    t.ok((report.violations[kind]?.examples.length ?? 0) > 0, `${name}: an example`)
  }
})

t.test('losses are told as prefix, middle and end', async (t) => {
  t.same(judge(() => without(1), true).lost, { prefix: 1, middle: 0, postfix: 0 })
  t.same(judge(() => without(2), true).lost, { prefix: 0, middle: 1, postfix: 0 })
  t.same(judge(() => without(3), true).lost, { prefix: 0, middle: 0, postfix: 1 })
})

t.test('losses are told for each queue that has any', async (t) => {
  const { lostByQueue } = judge(
    () => [
      ...[publish(1), publish(2, 1, 'r'), publish(3, 1, 'r'), publish(4, 1, 's')],
      ...[1, 2, 3, 4].map((sequence) => ok(sequence)),
      ...[deliver(3, { queue: 'r' }), deliver(4, { queue: 's' })]
    ],
    true
  )
  t.same(lostByQueue, {
    q: { prefix: 1, middle: 0, postfix: 0 },
    r: { prefix: 1, middle: 0, postfix: 0 }
  })
})

t.test('competing consumers may see flagged first deliveries late, and nothing else', async (t) => {
  const late = (): Untimed[] => both([deliver(2, { consumer: 2 }), deliver(1)])
  t.ok(judge(late, false).isSound)
  const flaggedLate = (): Untimed[] => both([deliver(2), deliver(1, flagged)])
  t.ok(judge(flaggedLate, false).isSound)
  t.notOk(judge(flaggedLate, true).isSound, 'one consumer at a time sees all in order')
  const swapped = (): Untimed[] => both([deliver(2), deliver(1)])
  t.notOk(judge(swapped, false).isSound)
  const crossing = (): Untimed[] => [
    ...[publish(1), ok(1)],
    ...[deliver(1, { ...flagged, consumer: 2 }), deliver(1)]
  ]
  t.ok(judge(crossing, false).isSound, 'the first attempt arrives after the second')
})

t.test('counts', async (t) => {
  const report = judge(
    () => [
      ...whole(3),
      ...[publish(4), publish(5), publish(6), ok(4), ended('info', 5), ended('fail', 6)],
      ...[deliver(4, flagged), deliver(4, flagged), deliver(5)],
      { type: 'error', process: 'publisher 1', code: 'X', message: 'y' } as const
    ],
    true
  )
  t.match(report, { invoked: 6, confirmed: 4, failed: 1, unknown: 1, deliveries: 6 })
  t.match(report, { duplicates: 1, flaggedFirst: 1, unconfirmedDelivered: 1, errors: 1 })
  t.same(report.errorExamples, ['publisher 1: X: y'])
  t.ok(report.isSound)
})

t.test('a refusal for want of disk is an error unless a disk was filled', async (t) => {
  const refusal = { type: 'error', process: 'publisher 1', code: 'DISK_LOW', message: 'x' } as const
  const full = { type: 'fault', fault: 'disk-full', node: 1, group: null } as const
  t.match(
    judge(() => [refusal], true),
    { errors: 1, refused: 0 }
  )
  t.match(
    judge(() => [full, refusal], true),
    { errors: 0, refused: 1 }
  )
})

t.test('time that goes back is an error of the harness', async (t) => {
  const checker = new Checker({ isStrict: true })
  checker.push({ ...publish(1), at: 5 } as HistoryEvent)
  checker.push({ ...ok(1), at: 4 } as HistoryEvent)
  checker.push({ ...deliver(1, { delivery: 1 }), at: 6 } as HistoryEvent)
  t.same(Object.keys(checker.finish().violations), ['malformed'])
})

t.test('who begins anew may get what comes back late, if it is flagged', async (t) => {
  const connecting: Untimed = { type: 'connecting', process: 'consumer 1', node: 1 }
  const swapped = (redelivered: boolean, connections: number) => (): Untimed[] => [
    ...[1, 2].flatMap((sequence) => [publish(sequence), ok(sequence)]),
    ...Array.from({ length: connections }, () => connecting),
    ...[deliver(2), deliver(1, { redelivered })]
  ]
  t.match(judge(swapped(true, 1), true).violations, { 'out-of-order': { count: 1 } })
  t.notOk('out-of-order' in judge(swapped(true, 2), true).violations)
  t.match(judge(swapped(false, 2), true).violations, { 'out-of-order': { count: 1 } })
})
