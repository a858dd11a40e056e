// What is known of a replica for as long as its process lives, and under which key.
import type { ShardMachine } from '@holdfast/broker'
import type { AuditedReplica, IndexRange } from '@holdfast/cluster'
import type { ObservedRaft } from '../refinement/observed-raft.ts'

/** The current life of a replica. */
export interface Life {
  readonly raft: ObservedRaft
  /** Of its process. */
  readonly epoch: number
  machine: ShardMachine | null
  /** Entries that came with a snapshot whose machine is not made yet. */
  installed: readonly IndexRange[] | null
  /** Its process is gone. */
  isOver: boolean
}

export function keyOf({ group, replica }: AuditedReplica): string {
  return `${group}/${replica}`
}
