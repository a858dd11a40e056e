// What a strike works on: the cluster under load, and the places where it can be hurt. Where the
// machine does not allow something (namespaces, mounts), that part is null, and strikes that need
// it are left out and named in the report.
import { AdminClient, type ClusterNode, type ClusterProcess, type Random } from '@holdfast/testkit'
import type { Faults } from '../faults.ts'
import type { Namespaces } from '../network/namespaces.ts'
import type { Workload } from '../workload.ts'
import type { MembershipRecorder } from './membership-recorder.ts'
import type { SmallDisk } from './small-disk.ts'

export interface Stage {
  readonly cluster: ClusterProcess
  readonly load: Workload
  readonly faults: Faults
  readonly random: Random
  readonly network: Namespaces | null
  /** The disk of the node at place `smallDiskPlace`. */
  readonly disk: SmallDisk | null
  /** Where the controls of the disk shim are, under which all nodes run. */
  readonly shimDirectory: string | null
  readonly membership: MembershipRecorder
}

/** The first node lives on a disk that can be filled. */
export const smallDiskPlace = 0

const recoveryTimeoutMs = 90_000

/** Waits until every node runs, is ready, and has what the others have. */
export async function recover({ cluster }: Stage): Promise<void> {
  await cluster.waitReady(recoveryTimeoutMs)
  await cluster.waitCaughtUp(recoveryTimeoutMs)
}

/** An admin client of one node alone. */
export function adminOf(node: ClusterNode): AdminClient {
  return new AdminClient(() => [node.http])
}
