// What a history may be guilty of, counted by kind with a few examples of each.
import type { LostRuns } from './loss.ts'

/** Every kind, with the sentence that a report prints for it. */
export const violationKinds = {
  lost: 'confirmed, but never delivered',
  invented: 'delivered, but never published (or not there, or not yet)',
  altered: 'delivered with other bytes than were published',
  'out-of-order': 'first delivered after a later message of its publisher in its queue',
  'unflagged-duplicate': 'delivered again without the redelivered flag',
  'stored-twice': 'one publish at two offsets',
  'offset-conflict': 'one offset with two messages',
  'offset-order': 'offsets of one publisher in one queue against the order of its sequences',
  'count-without-flag': 'a delivery count above 0 without the redelivered flag',
  'count-fell': 'a delivery count lower than before',
  'confirmed-twice': 'more than one confirm for a publish',
  'outcome-conflict': 'two different outcomes for a publish',
  'confirmed-unpublished': 'an outcome for what was never published',
  'delivered-after-settlement': 'delivered after its settlement was committed',
  'delivered-while-held': 'delivered again to the consumer that holds it and never let it go',
  'lost-at-survivor': 'connection, channel or consumer lost at a node that nobody had struck',
  'taken-from-survivor': 'delivered elsewhere while a client of a node that nobody struck held it',
  'offset-gap': 'offsets of a drained queue that nobody was given',
  'stale-membership': 'what nodes say of the membership fits no order of its changes',
  'unexplained-gap': 'a second or more without a confirm and without a fault in force',
  'late-confirm': 'no confirm soon after all was healed',
  'replicas-differ': 'replicas of one group with different states at the same index',
  'node-ended': 'a node ended although nobody killed it',
  stuck: 'the cluster did not recover in time',
  malformed: 'the history contradicts itself; the harness is at fault'
} as const

export type ViolationKind = keyof typeof violationKinds

export interface Violation {
  readonly count: number
  /** The first ones, as sentences. */
  readonly examples: readonly string[]
}

/** The verdict on a history. */
export interface Report {
  readonly invoked: number
  readonly confirmed: number
  readonly failed: number
  readonly unknown: number
  readonly deliveries: number
  /** Second and later deliveries of a message; all flagged unless a violation says otherwise. */
  readonly duplicates: number
  /** First deliveries flagged as redelivered: allowed after a change of leader. */
  readonly flaggedFirst: number
  /** Delivered although unconfirmed: allowed, the outcome was unknown. */
  readonly unconfirmedDelivered: number
  readonly lost: LostRuns
  /** The same for each queue that lost anything. */
  readonly lostByQueue: Readonly<Record<string, LostRuns>>
  /** How often settlements came too late; allowed after a change of leader. */
  readonly staleSettlements: number
  /** Publishes refused with DISK_LOW after a disk was filled; allowed. */
  readonly refused: number
  readonly errors: number
  readonly errorExamples: readonly string[]
  readonly violations: Partial<Record<ViolationKind, Violation>>
  /** No violation. Errors of the application are for the caller to judge. */
  readonly isSound: boolean
}

const examplesMax = 10

/** Sentences, counted, of which the first are kept. */
export class Examples {
  count = 0
  readonly first: string[] = []

  note(sentence: string): void {
    this.count += 1
    if (this.first.length < examplesMax) this.first.push(sentence)
  }
}

export class Violations {
  readonly #found: Map<ViolationKind, Examples> = new Map()

  add(kind: ViolationKind, example: string): void {
    const entry = this.#found.get(kind) ?? new Examples()
    entry.note(example)
    this.#found.set(kind, entry)
  }

  count(kind: ViolationKind): number {
    return this.#found.get(kind)?.count ?? 0
  }

  get total(): number {
    let total = 0
    for (const { count } of this.#found.values()) total += count
    return total
  }

  all(): Partial<Record<ViolationKind, Violation>> {
    const all: Partial<Record<ViolationKind, Violation>> = {}
    for (const [kind, { count, first }] of this.#found) all[kind] = { count, examples: first }
    return all
  }
}
