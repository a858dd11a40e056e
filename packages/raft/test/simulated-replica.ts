// One replica of a simulated group: its process, its disk, and what the simulation knows of it.
import type { Configuration, LoadRequest, Raft, Ready, ReplicaId } from '../src/index.ts'
import type { SimulatedDisk } from './simulated-disk.ts'

export interface Replica {
  readonly id: ReplicaId
  disk: SimulatedDisk
  raft: Raft
  isUp: boolean
  /** Until this tick its process stands still: what reaches it waits. */
  pausedUntilTick: number
  /** When it began to stand still, and when it woke last. */
  pausedAtTick: number
  wokeAtTick: number
  /** Tick at which something of another replica last reached it, by sender. */
  readonly heardTick: Map<ReplicaId, number>
  /** Since when it leads, awake and under one configuration. */
  leadsSinceTick: number
  ledUnder: Configuration | null
  /** Since when the leader's configuration does not name it; null: it does. */
  outsideSinceTick: number | null
  loads: LoadRequest[]
  offer: Ready['offeredSnapshot']
  /** Reads asked, by the index that was committed anywhere at that time. */
  readonly reads: Map<number, number>
}

/** One whose process has just begun. */
export function newReplica(id: ReplicaId, disk: SimulatedDisk, raft: Raft): Replica {
  return {
    id,
    disk,
    raft,
    isUp: true,
    pausedUntilTick: 0,
    pausedAtTick: 0,
    wokeAtTick: 0,
    heardTick: new Map(),
    leadsSinceTick: 0,
    ledUnder: null,
    outsideSinceTick: null,
    loads: [],
    offer: null,
    reads: new Map()
  }
}

export function isPaused({ pausedUntilTick }: Replica): boolean {
  return pausedUntilTick > 0
}
