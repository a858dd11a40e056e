// Everything that the metadata machine replicates, as one value that the machine, its snapshot and
// its hash share, and the two numbers that belong to this replica's snapshots alone.
import type { AccessState } from './access/access-state.ts'
import type { ClusterFacts } from './cluster-changes.ts'
import type { MembershipState } from './membership-state.ts'
import type { OperationsState } from './operations-state.ts'
import type { Outbox } from './outbox.ts'
import type { PlacementState } from './placement-state.ts'
import type { Topology } from './topology.ts'

export interface MetadataState {
  readonly facts: ClusterFacts
  readonly topology: Topology
  readonly access: AccessState
  readonly membership: MembershipState
  readonly placement: PlacementState
  readonly operations: OperationsState
  readonly outbox: Outbox
  /** Log time; never moves back. */
  timeMs: number
  appliedIndex: number
  /** Entries up to this one have been given as freed by a snapshot. Local to the replica. */
  freedIndex: number
  /** Id of the next blob. Grows; local to the replica. */
  nextBlob: number
}
