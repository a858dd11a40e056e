// Waits until every replica on some nodes has applied what its group had committed at the call.
import { AdminClient, type ClusterView } from './admin-client.ts'
import { eventually } from './eventually.ts'
import type { ClusterNode } from './ready-line.ts'

async function viewOf(node: ClusterNode): Promise<ClusterView> {
  return new AdminClient(() => [node.http]).cluster()
}

/** @throws WaitError that names the first node that has not caught up in time */
export async function catchUp(nodes: readonly ClusterNode[], timeoutMs: number): Promise<void> {
  const targets = new Map<number, number>()
  for (const node of nodes) {
    const view = (): Promise<ClusterView> => viewOf(node)
    const { groups } = await eventually(`view of node ${node.id}`, view, { timeoutMs })
    for (const { id, commitIndex } of groups) {
      targets.set(id, Math.max(targets.get(id) ?? 0, commitIndex))
    }
  }
  for (const node of nodes) {
    const look = async (): Promise<boolean> => {
      const { groups } = await viewOf(node)
      return groups.every(
        (group) => group.leader !== null && group.appliedIndex >= (targets.get(group.id) ?? 0)
      )
    }
    await eventually(`node ${node.id} catching up`, look, { timeoutMs, intervalMs: 50 })
  }
}
