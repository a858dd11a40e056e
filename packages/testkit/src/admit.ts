// Takes one server that was started by itself into a cluster, through the admin API, and waits
// until it has its share of replicas. Used where no `holdfast dev` forms the cluster.
import type { AdminClient, OperationView } from './admin-client.ts'
import { AdminError } from './admin-client.ts'
import { eventually } from './eventually.ts'

/** A node that the cluster has given no id yet is known by this and its place. */
export const provisionalId = 1_000

/**
 * The id of the node at a peer address, once it is a member and has its replicas. The first has
 * begun the cluster by itself; any other is asked for.
 */
export async function admit(
  admin: AdminClient,
  peer: string,
  isFirst: boolean,
  timeoutMs: number = 60_000
): Promise<number> {
  const waits = { timeoutMs, intervalMs: 100 }
  if (!isFirst) {
    const asked = await eventually(`addition of ${peer}`, () => ask(admin, peer), waits)
    const look = async (): Promise<boolean> => {
      return (await admin.operation(asked.id)).state === 'succeeded'
    }
    await eventually(`end of the addition of ${peer}`, look, waits)
  }
  const find = async (): Promise<number | undefined> => {
    const { nodes } = await admin.cluster()
    return nodes.find((node) => node.peer === peer)?.id
  }
  return eventually(`membership of ${peer}`, find, waits)
}

/** The operation that adds it. An answer that was lost shows by the operation that runs. */
async function ask(admin: AdminClient, peer: string): Promise<OperationView | undefined> {
  try {
    return await admin.addNode(peer)
  } catch (error) {
    if (!(error instanceof AdminError) || error.status >= 500) throw error
    return (await admin.operations()).find(({ state }) => state === 'running')
  }
}
