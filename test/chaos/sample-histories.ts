// Hand-made histories for the test of the checker: good ones, and bad ones with what each is guilty
// of.
import type { HistoryEvent } from './history.ts'
import type { ViolationKind } from './violations.ts'

/** An event without its time, which is its place in the list. */
export type Untimed = HistoryEvent extends infer Event
  ? Event extends HistoryEvent
    ? Omit<Event, 'at'>
    : never
  : never

const hashOf = (sequence: number): number => sequence * 7

/** Publisher 1 publishes `sequence` to queue `q`. */
export function publish(sequence: number, publisher: number = 1, queue: string = 'q'): Untimed {
  return { type: 'invoke', publisher, sequence, queue, size: 10, hash: hashOf(sequence) }
}

export function ok(sequence: number, publisher: number = 1): Untimed {
  return { type: 'ok', publisher, sequence }
}

export function ended(type: 'fail' | 'info', sequence: number, publisher: number = 1): Untimed {
  return { type, publisher, sequence, code: 'PUBLISH_OUTCOME_UNKNOWN' }
}

let deliveries = new Map<number, number>()

/** Consumer 1 gets `sequence` of publisher 1 from queue `q`, for the first time. */
export function deliver(
  sequence: number,
  changes: Partial<Extract<Untimed, { type: 'deliver' }>> = {}
): Untimed {
  const consumer = changes.consumer ?? 1
  const delivery = (deliveries.get(consumer) ?? 0) + 1
  deliveries.set(consumer, delivery)
  const hash = hashOf(sequence)
  const flags = { redelivered: false, deliveryCount: 0, offset: null }
  const message = { publisher: 1, sequence, queue: 'q', size: 10, hash }
  return { type: 'deliver', consumer, delivery, ...message, ...flags, ...changes }
}

export const flagged: { readonly redelivered: true } = { redelivered: true }

export function settle(
  delivery: number,
  outcome: 'accepted' | 'released' | 'rejected' = 'accepted'
): Untimed {
  return { type: 'settle', consumer: 1, delivery, outcome }
}

export function settled(count: number): Untimed {
  return { type: 'settled', consumer: 1, count }
}

/** The consumer gets the deliveries of queue `q` from node 1. */
export function attach(consumer: number = 1): Untimed {
  return { type: 'attached', consumer, queue: 'q', node: 1 }
}

/** Numbers deliveries from 1 again, for the next history. */
export function startHistory(): void {
  deliveries = new Map()
}

/** `count` messages published, confirmed, delivered and settled. */
export function whole(count: number): Untimed[] {
  const sequences = Array.from({ length: count }, (_, at) => at + 1)
  return [
    ...sequences.map((sequence) => publish(sequence)),
    ...sequences.map((sequence) => ok(sequence)),
    ...sequences.map((sequence) => deliver(sequence)),
    ...sequences.map((sequence) => settle(sequence)),
    settled(count)
  ]
}

export const good: Readonly<Record<string, () => Untimed[]>> = {
  'nothing at all': () => [],
  'a hundred messages': () => whole(100),
  'delivered before its confirm': () => [publish(1), deliver(1), ok(1)],
  'unknown and never seen': () => [publish(1), ended('info', 1)],
  'unknown and seen': () => [publish(1), deliver(1), ended('info', 1)],
  'unknown, seen after a later one': () => [
    ...[publish(1), publish(2), ended('info', 1), ok(2)],
    ...[deliver(2), deliver(1)]
  ],
  'never settled publish, delivered': () => [publish(1), deliver(1)],
  'failed and never seen': () => [publish(1), ended('fail', 1)],
  'a flagged duplicate': () => [publish(1), ok(1), deliver(1), deliver(1, flagged)],
  'a flagged first delivery': () => [publish(1), ok(1), deliver(1, flagged)],
  'requeued, then again with a count': () => [
    ...[publish(1), ok(1), deliver(1), settle(1, 'released'), settled(1)],
    deliver(1, { ...flagged, deliveryCount: 1 })
  ],
  'redelivered before its settlement was committed': () => [
    ...[publish(1), ok(1), deliver(1), settle(1), deliver(1, flagged), settled(1)]
  ],
  'back after its settlement was refused as stale': () => [
    ...[publish(1), ok(1), deliver(1), settle(1)],
    ...[{ type: 'settle-failed', consumer: 1, queue: 'q' } as const, settled(1)],
    deliver(1, flagged)
  ],
  'two publishers interleaved': () => [
    ...[publish(1), publish(1, 2), ok(1), ok(1, 2)],
    ...[deliver(1, { publisher: 2 }), deliver(1)]
  ],
  'two queues, each in order': () => [
    ...[publish(1), publish(2, 1, 'r'), publish(3), ok(1), ok(2), ok(3)],
    ...[deliver(2, { queue: 'r' }), deliver(1), deliver(3)]
  ],
  'confirms out of order': () => [publish(1), publish(2), ok(2), ok(1), deliver(1), deliver(2)],
  'offsets without holes, in order': () => [
    ...[publish(1), publish(2), ok(1), ok(2), deliver(1, { offset: 1 }), deliver(2, { offset: 2 })]
  ],
  'the same offset again': () => [
    ...[publish(1), ok(1), deliver(1, { offset: 1 }), deliver(1, { ...flagged, offset: 1 })]
  ],
  'again to the same consumer, which had to attach anew': () => [
    ...[publish(1), ok(1), attach(), deliver(1), attach(), deliver(1, flagged)]
  ],
  'again to the same consumer after it let it go': () => [
    ...[publish(1), ok(1), attach(), deliver(1), settle(1, 'released')],
    deliver(1, { ...flagged, deliveryCount: 1 })
  ],
  'again to the successor of a consumer': () => [
    ...[publish(1), ok(1), attach(), deliver(1), attach(2), deliver(1, { ...flagged, consumer: 2 })]
  ],
  'late to a successor what the first had unseen': () => [
    ...[publish(1), publish(2), ok(1), ok(2), deliver(2)],
    deliver(1, { ...flagged, consumer: 2 })
  ],
  'invoked from several batches out of order is no gap': () =>
    [publish(1), publish(2), publish(3)]
      .concat([1, 2, 3].map((sequence) => ok(sequence)))
      .concat([1, 2, 3].map((sequence) => deliver(sequence))),
  'a fault and nothing else': () => [{ type: 'fault', fault: 'kill', node: 1, group: 0 }]
}

export const bad: Readonly<Record<string, readonly [ViolationKind, () => Untimed[]]>> = {
  'the only message lost': ['lost', () => [publish(1), ok(1)]],
  'the first of three lost': ['lost', () => without(1)],
  'the middle one lost': ['lost', () => without(2)],
  'the last one lost': ['lost', () => without(3)],
  'lost in one of two queues': [
    'lost',
    () => [publish(1), publish(2, 1, 'r'), ok(1), ok(2), deliver(1)]
  ],
  'lost of one of two publishers': [
    'lost',
    () => [publish(1), publish(1, 2), ok(1), ok(1, 2), deliver(1)]
  ],
  'delivered, but never published': ['invented', () => [deliver(1)]],
  'a sequence that was never reached': [
    'invented',
    () => [publish(1), ok(1), deliver(1), deliver(2)]
  ],
  'of a publisher that never was': ['invented', () => [publish(1), deliver(1, { publisher: 9 })]],
  'delivered before it was published': ['invented', () => [deliver(1), publish(1)]],
  'in another queue': ['invented', () => [publish(1), deliver(1, { queue: 'r' })]],
  'delivered although it had failed': [
    'invented',
    () => [publish(1), ended('fail', 1), deliver(1)]
  ],
  'sequence 0': ['invented', () => [publish(1), deliver(0)]],
  'a longer body': ['altered', () => [publish(1), ok(1), deliver(1, { size: 11 })]],
  'an empty body': ['altered', () => [publish(1), ok(1), deliver(1, { size: 0 })]],
  'another body of the same size': ['altered', () => [publish(1), ok(1), deliver(1, { hash: 1 })]],
  'the body of another message': [
    'altered',
    () => [publish(1), publish(2), ok(1), ok(2), deliver(1), deliver(2, { hash: hashOf(1) })]
  ],
  'two messages swapped': ['out-of-order', () => both([deliver(2), deliver(1)])],
  'a flagged first delivery out of order': [
    'out-of-order',
    () => [publish(1), publish(2), ok(1), ok(2), deliver(2), deliver(1, flagged)]
  ],
  'a duplicate without flag': [
    'unflagged-duplicate',
    () => [publish(1), ok(1), deliver(1), deliver(1)]
  ],
  'a duplicate without flag after a flagged one': [
    'unflagged-duplicate',
    () => [publish(1), ok(1), deliver(1, flagged), deliver(1)]
  ],
  'two consumers, both unflagged': [
    'unflagged-duplicate',
    () => [publish(1), ok(1), deliver(1), deliver(1, { consumer: 2 })]
  ],
  'stored at two offsets': [
    'stored-twice',
    () => [publish(1), ok(1), deliver(1, { offset: 1 }), deliver(1, { ...flagged, offset: 2 })]
  ],
  'two messages at one offset': [
    'offset-conflict',
    () => [
      publish(1),
      publish(1, 2),
      deliver(1, { offset: 1 }),
      deliver(1, { publisher: 2, offset: 1 })
    ]
  ],
  'offsets against the sequences': [
    'offset-order',
    () => both([deliver(1, { offset: 2 }), deliver(2, { offset: 1 })])
  ],
  'an offset that nobody was given': [
    'offset-gap',
    () => both([deliver(1, { offset: 1 }), deliver(2, { offset: 3 })])
  ],
  'the first offset that nobody was given': [
    'offset-gap',
    () => both([deliver(1, { offset: 2 }), deliver(2, { offset: 3 })])
  ],
  'again to the consumer that holds it': [
    'delivered-while-held',
    () => [publish(1), ok(1), attach(), deliver(1), deliver(1, flagged)]
  ],
  'again to the consumer that holds it, though it let another one go': [
    'delivered-while-held',
    () => [...both([attach(), deliver(1), deliver(2), settle(2, 'released')]), deliver(1, flagged)]
  ],
  'unflagged and out of order to a successor': [
    'out-of-order',
    () => both([deliver(2, { consumer: 2 }), deliver(1, { consumer: 2 })])
  ],
  'a count without the flag': [
    'count-without-flag',
    () => [publish(1), deliver(1, { deliveryCount: 1 })]
  ],
  'a count that falls': [
    'count-fell',
    () => [
      ...[publish(1), deliver(1), deliver(1, { ...flagged, deliveryCount: 2 })],
      deliver(1, { ...flagged, deliveryCount: 1 })
    ]
  ],
  'confirmed twice': ['confirmed-twice', () => [publish(1), ok(1), ok(1), deliver(1)]],
  'failed twice': ['confirmed-twice', () => [publish(1), ended('fail', 1), ended('fail', 1)]],
  'confirmed, then failed': [
    'outcome-conflict',
    () => [publish(1), ok(1), deliver(1), ended('fail', 1)]
  ],
  'unknown, then confirmed': ['outcome-conflict', () => [publish(1), ended('info', 1), ok(1)]],
  'confirmed, never published': ['confirmed-unpublished', () => [ok(1)]],
  'confirmed beyond what was published': ['confirmed-unpublished', () => [...whole(2), ok(3)]],
  'back after its ack was committed': [
    'delivered-after-settlement',
    () => [...whole(1), deliver(1, flagged)]
  ],
  'back after its reject was committed': [
    'delivered-after-settlement',
    () => [
      ...[publish(1), ok(1), deliver(1), settle(1, 'rejected'), settled(1)],
      deliver(1, flagged)
    ]
  ],
  'back although the refused settlement was of another queue': [
    'delivered-after-settlement',
    () => [
      ...[publish(1), ok(1), deliver(1), settle(1)],
      ...[{ type: 'settle-failed', consumer: 1, queue: 'r' } as const, settled(1)],
      deliver(1, flagged)
    ]
  ],
  'back although an earlier settlement was refused': [
    'delivered-after-settlement',
    () => [
      ...whole(1),
      { type: 'settle-failed', consumer: 1, queue: 'q' } as const,
      deliver(1, flagged)
    ]
  ],
  'back at another consumer after its ack': [
    'delivered-after-settlement',
    () => [...whole(1), deliver(1, { ...flagged, consumer: 2 })]
  ],
  'a sequence left out': ['malformed', () => [publish(1), publish(3)]],
  'a sequence invoked twice': ['malformed', () => [publish(1), publish(1)]],
  'a delivery settled twice': ['malformed', () => [publish(1), deliver(1), settle(1), settle(1)]],
  'a delivery settled that never came': ['malformed', () => [settle(1)]],
  'more settled than settled': ['malformed', () => [publish(1), deliver(1), settle(1), settled(2)]],
  'a delivery number left out': ['malformed', () => [publish(1), deliver(1, { delivery: 2 })]]
}

export function both(last: Untimed[]): Untimed[] {
  return [publish(1), publish(2), ok(1), ok(2), ...last]
}

export function without(lost: number): Untimed[] {
  const sequences = [1, 2, 3]
  return [
    ...sequences.map((sequence) => publish(sequence)),
    ...sequences.map((sequence) => ok(sequence)),
    ...sequences.filter((sequence) => sequence !== lost).map((sequence) => deliver(sequence))
  ]
}
