// How long a campaign is, in what pieces, and how often it strikes how: a profile is a deck of
// cards, dealt again and again, so that rare strikes do come and common ones are common.
import type { StrikeName } from './strikes.ts'

export interface Profile {
  readonly minutes: number
  /** A piece is a cluster of its own, from a blank start to its verdict. */
  readonly pieceMinutes: number
  /** How many cards of each kind the deck has; without any, a piece is a calm. */
  readonly deck: Partial<Record<StrikeName, number>>
  /** Publishes a second of all publishers. */
  readonly rate: number
  readonly publishers: number
  /** Whether seconds count: not where other tests share the machine. */
  readonly isTimed: boolean
  /** Bounds of the gap that a fault makes, by its name in the history. */
  readonly bounds: Readonly<Record<string, GapBound>>
}

export interface GapBound {
  readonly medianMs: number
  readonly p99Ms: number
}

const everything: Profile['deck'] = {
  'kill-leader': 27,
  'kill-follower': 1,
  'kill-majority': 1,
  'kill-all': 1,
  'kill-while-paused': 1,
  'pause-leader': 8,
  wipe: 1,
  unplug: 3,
  isolate: 2,
  'isolate-one-way': 2,
  'silent-leader': 1,
  'spoil-link': 3,
  exchange: 1,
  replace: 1,
  'exchange-two': 1,
  'exchange-under-fire': 1,
  'fill-disk': 1,
  'limit-descriptors': 1,
  'step-clock': 1,
  'slow-disk': 1,
  'fail-sync': 1,
  'kill-consumer': 1,
  'kill-publisher': 1,
  'stop-consumer': 1,
  storm: 1
}

const few: Profile['deck'] = {
  'kill-leader': 3,
  'pause-leader': 1,
  isolate: 1,
  'isolate-one-way': 1,
  unplug: 1,
  'spoil-link': 1,
  exchange: 1,
  'kill-all': 1,
  'fill-disk': 1,
  'kill-consumer': 1,
  'stop-consumer': 1
}

const ordinary = { rate: 600, publishers: 3, isTimed: true, bounds: {} } as const

/** More publishers, so that some are connected to nodes that nothing is done to. */
const measuring = { rate: 400, publishers: 6, isTimed: true } as const

export type ProfileName = 'smoke' | 'nightly' | 'weekend' | 'failover' | 'silence' | 'calm'

const chosen: Readonly<Record<ProfileName, Profile>> = {
  /** Part of the tests of the whole, beside others of them. */
  smoke: { ...ordinary, minutes: 2, pieceMinutes: 2, deck: few, rate: 30, isTimed: false },
  nightly: { ...ordinary, minutes: 60, pieceMinutes: 5, deck: everything },
  weekend: {
    ...ordinary,
    minutes: 720,
    pieceMinutes: 10,
    deck: { ...everything, 'pause-long': 2 }
  },
  /** Leaders are killed, and nothing else happens: how long until the next confirm. */
  failover: {
    ...measuring,
    minutes: 20,
    pieceMinutes: 5,
    deck: { 'kill-leader': 1 },
    bounds: { 'kill-leader': { medianMs: 500, p99Ms: 1_500 } }
  },
  /** Leaders fall silent, by SIGSTOP or because their packets vanish. */
  silence: {
    ...measuring,
    minutes: 10,
    pieceMinutes: 5,
    deck: { 'silent-leader': 1, 'pause-silent': 1 },
    bounds: {
      'silent-leader': { medianMs: 3_000, p99Ms: 3_000 },
      'pause-leader': { medianMs: 3_000, p99Ms: 3_000 }
    }
  },
  /** Nothing happens at all: no election may. */
  calm: { ...measuring, minutes: 60, pieceMinutes: 6, deck: {}, bounds: {} }
}

export const profileNames: readonly ProfileName[] = Object.keys(chosen) as ProfileName[]

export function profileOf(name: ProfileName): Profile {
  return chosen[name]
}
