// Every kind of strike by name, and what it needs of the machine.
import { killConsumer, killPublisher, stopConsumer, storm } from './client-strikes.ts'
import { exchange, exchangeTwo, exchangeUnderFire, replace } from './member-strikes.ts'
import { blackHoleLeader, isolate, isolateOneWay, spoilLink, unplug } from './network-strikes.ts'
import {
  killAll,
  killFollower,
  killLeader,
  killMajority,
  killWhilePaused,
  pauseLeader,
  wipe
} from './process-strikes.ts'
import { failSync, fillDisk, limitDescriptors, slowDisk, stepClock } from './resource-strikes.ts'
import type { Stage } from './stage.ts'

export interface Strike {
  /** Does it, heals it, waits until the cluster is well. Returns what it did, for people. */
  readonly run: (stage: Stage) => Promise<string>
  readonly needs?: 'network' | 'disk' | 'shim'
}

export type StrikeName =
  | 'kill-leader'
  | 'kill-follower'
  | 'kill-majority'
  | 'kill-all'
  | 'kill-while-paused'
  | 'pause-leader'
  | 'pause-silent'
  | 'pause-long'
  | 'wipe'
  | 'unplug'
  | 'isolate'
  | 'isolate-one-way'
  | 'silent-leader'
  | 'spoil-link'
  | 'exchange'
  | 'replace'
  | 'exchange-two'
  | 'exchange-under-fire'
  | 'fill-disk'
  | 'limit-descriptors'
  | 'step-clock'
  | 'slow-disk'
  | 'fail-sync'
  | 'kill-consumer'
  | 'kill-publisher'
  | 'stop-consumer'
  | 'storm'

const strikes: Readonly<Record<StrikeName, Strike>> = {
  'kill-leader': { run: killLeader },
  'kill-follower': { run: killFollower },
  'kill-majority': { run: killMajority },
  'kill-all': { run: killAll },
  'kill-while-paused': { run: killWhilePaused },
  'pause-leader': { run: (stage: Stage) => pauseLeader(stage, { minMs: 200, maxMs: 10_000 }) },
  'pause-silent': { run: (stage: Stage) => pauseLeader(stage, { minMs: 5_000, maxMs: 8_000 }) },
  'pause-long': { run: (stage: Stage) => pauseLeader(stage, { minMs: 10_000, maxMs: 60_000 }) },
  wipe: { run: wipe },
  unplug: { run: unplug, needs: 'network' },
  isolate: { run: isolate, needs: 'network' },
  'isolate-one-way': { run: isolateOneWay, needs: 'network' },
  'silent-leader': { run: blackHoleLeader, needs: 'network' },
  'spoil-link': { run: spoilLink, needs: 'network' },
  exchange: { run: exchange },
  replace: { run: replace },
  'exchange-two': { run: exchangeTwo },
  'exchange-under-fire': { run: exchangeUnderFire },
  'fill-disk': { run: fillDisk, needs: 'disk' },
  'limit-descriptors': { run: limitDescriptors },
  'step-clock': { run: stepClock, needs: 'shim' },
  'slow-disk': { run: slowDisk, needs: 'shim' },
  'fail-sync': { run: failSync, needs: 'shim' },
  'kill-consumer': { run: killConsumer },
  'kill-publisher': { run: killPublisher },
  'stop-consumer': { run: stopConsumer },
  storm: { run: storm }
}

export function strikeOf(name: StrikeName): Strike {
  return strikes[name]
}
