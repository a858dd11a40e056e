// What clients of surviving nodes may not lose: hand-made histories in which they do, or do not.
import t from 'tap'
import type { HistoryEvent } from './history.ts'
import { deliver, flagged, settle, startHistory, type Untimed } from './sample-histories.ts'
import { type Outlived, SurvivingClients } from './surviving-clients.ts'
import { type ViolationKind, Violations } from './violations.ts'

function connecting(consumer: number, node: number): Untimed {
  return { type: 'connecting', process: `consumer ${consumer}`, node }
}

function lost(consumer: number): Untimed {
  return { type: 'lost', process: `consumer ${consumer}`, reason: 'channel' }
}

function kill(node: number | null): Untimed {
  return { type: 'fault', fault: 'kill-leader', node, group: 1 }
}

const healed: Untimed = { type: 'fault', fault: 'healed', node: null, group: null }
const pause: Untimed = { type: 'fault', fault: 'pause-leader', node: 1, group: 1 }

/** Nanoseconds until the next event, after which nothing explains what a client loses. */
const longAfter = 30e9

const restart: Untimed = { type: 'fault', fault: 'restart', node: 1, group: null }
const second = { consumer: 2 } as const
const secondAgain = { ...second, ...flagged } as const

interface Verdict {
  readonly found: Partial<Record<ViolationKind, number>>
  readonly outlived: Outlived
}

function judge(make: () => (Untimed | number)[]): Verdict {
  startHistory()
  const violations = new Violations()
  const survivors = new SurvivingClients(violations)
  const both = [connecting(1, 1), connecting(2, 2)]
  let at = 0
  for (const event of [...both, ...make()]) {
    if (typeof event === 'number') at += event
    else survivors.push({ ...event, at: at++ } as HistoryEvent)
  }
  const found: Partial<Record<ViolationKind, number>> = {}
  for (const [kind, { count }] of Object.entries(violations.all())) {
    found[kind as ViolationKind] = count
  }
  return { found, outlived: survivors.outlived }
}

const good: Readonly<Record<string, () => (Untimed | number)[]>> = {
  'lost with its node': () => [kill(1), lost(1), connecting(1, 3)],
  'lost late, when the node is back': () => [kill(1), restart, lost(1)],
  'lost with all nodes': () => [kill(null), lost(1), lost(2)],
  'refused by a node that is down': () => [kill(1), lost(1), connecting(1, 1), connecting(1, 3)],
  'given to another after its holder lost its node': () => [
    ...[deliver(1), kill(1), deliver(1, secondAgain), lost(1)]
  ],
  'given to another after it was given back': () => [
    ...[deliver(1), settle(1, 'released'), deliver(1, secondAgain)]
  ],
  'seen late by who lost its node meanwhile': () => [kill(1), deliver(1, secondAgain), deliver(1)],
  'held through the death of another node': () => [deliver(1), kill(2), settle(1)],
  'lost soon after its node was healed': () => [pause, healed, lost(1)],
  'lost when its node was struck once more': () => [pause, healed, pause, longAfter, lost(1)],
  'given to another long after its holder outlived a strike': () => [
    ...[deliver(1), pause, healed, longAfter, deliver(1, secondAgain)]
  ],
  'seen long after it was given to another during a strike': () => [
    ...[pause, deliver(1, secondAgain), healed, longAfter, deliver(1)]
  ],
  'at clients that do not tell where they are': () => [
    ...[deliver(1, { consumer: 8 }), deliver(1, { consumer: 9, ...flagged })]
  ]
}

const bad: Readonly<Record<string, readonly [ViolationKind, () => (Untimed | number)[]]>> = {
  'lost without any fault': ['lost-at-survivor', () => [lost(1)]],
  'lost when another node died': ['lost-at-survivor', () => [kill(2), lost(1)]],
  'lost anew after it had connected again': [
    'lost-at-survivor',
    () => [kill(1), lost(1), connecting(1, 3), lost(1)]
  ],
  'lost long after its node was healed': [
    'lost-at-survivor',
    () => [pause, healed, longAfter, lost(1)]
  ],
  'given to another long after a strike that its holder outlived': [
    'taken-from-survivor',
    () => [pause, healed, longAfter, deliver(1), deliver(1, secondAgain)]
  ],
  'given to another while it is held': [
    'taken-from-survivor',
    () => [deliver(1), kill(3), deliver(1, secondAgain)]
  ],
  'given to a client that does not tell where it is': [
    'taken-from-survivor',
    () => [deliver(1), kill(2), deliver(1, { ...flagged, consumer: 9 })]
  ],
  'unflagged to who connected after another got it flagged': [
    'unflagged-duplicate',
    () => [deliver(1, secondAgain), kill(1), lost(1), connecting(1, 3), deliver(1)]
  ],
  'seen late by who never lost anything': [
    'taken-from-survivor',
    () => [kill(3), deliver(1, secondAgain), deliver(1)]
  ]
}

t.test('a client may lose what its node held when that was struck', async (t) => {
  for (const [name, make] of Object.entries(good)) t.same(judge(make).found, {}, name)
})

t.test('a client of a node that nobody struck may lose nothing', async (t) => {
  for (const [name, [kind, make]] of Object.entries(bad)) {
    t.same(judge(make).found, { [kind]: 1 }, name)
  }
})

t.test('what outlives kills is counted', async (t) => {
  const { outlived } = judge(() => [
    ...[deliver(1), deliver(2), deliver(3, second), settle(1)],
    ...[kill(2), restart, lost(2), connecting(2, 3), kill(3)]
  ])
  t.same(outlived, { clients: 2, deliveries: 2 })
})
