// What is known of a replica for as long as its process lives, and what the next life of it must
// find on the disk.
import type { ShardMachine } from '@holdfast/broker'
import type { AuditedReplica, IndexRange } from '@holdfast/cluster'
import type { StoredGroup } from '@holdfast/cluster/contract'
import type { ObservedRaft } from '../refinement/observed-raft.ts'
import type { Remains } from '../refinement/restart-guard.ts'
import { remainsOf } from './disk-truth.ts'

/** The current life of a replica. */
export interface Life {
  readonly raft: ObservedRaft
  /** Of its process. */
  readonly epoch: number
  /**
   * The replica left its group and is back, and the disk knows of neither: what the next life finds
   * if the process ends now. Null: it finds what this one has written.
   */
  unleft: Remains | null
  machine: ShardMachine | null
  /** Entries that came with a snapshot whose machine is not made yet. */
  installed: readonly IndexRange[] | null
  /** Its process is gone. */
  isOver: boolean
}

export class Lives {
  readonly #lives = new Map<string, Life>()
  /** What replicas that left their groups must find when they are back. */
  readonly #left = new Map<string, Remains>()

  get(of: AuditedReplica): Life | undefined {
    return this.#lives.get(keyOf(of))
  }

  /** By replica. */
  all(): Iterable<readonly [string, Life]> {
    return this.#lives
  }

  /** Begins a life, of which `make` gets what it must find. */
  begin(
    of: AuditedReplica,
    epoch: number,
    make: (remains: Remains | null) => ObservedRaft
  ): ObservedRaft {
    const key = keyOf(of)
    const life = this.#lives.get(key)
    const written = life?.unleft ?? life?.raft.remains ?? this.#left.get(key) ?? null
    // In one process a replica begins anew only after it left: it is blank, but for its promises.
    const hasReturned = life?.epoch === epoch
    const raft = make(hasReturned ? remainsOf(life.raft) : written)
    const unleft = hasReturned ? written : null
    this.#lives.set(key, { raft, epoch, unleft, machine: null, installed: null, isOver: false })
    return raft
  }

  /** A process is gone. */
  ended(epoch: number): void {
    for (const life of this.#lives.values()) if (life.epoch === epoch) life.isOver = true
  }

  /**
   * The disk knows that the replica left, and may come back blank: what it once had is nobody's
   * claim any more, but what it promised. False if nothing is stored of that.
   */
  leaves(of: AuditedReplica, stored: StoredGroup | undefined): boolean {
    const key = keyOf(of)
    const life = this.#lives.get(key)
    if (life === undefined || life.unleft === null) this.#lives.delete(key)
    else life.unleft = null
    if (stored !== undefined) this.#left.set(key, remainsOf(stored))
    return stored !== undefined
  }
}

export function keyOf({ group, replica }: AuditedReplica): string {
  return `${group}/${replica}`
}
