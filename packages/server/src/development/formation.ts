// Makes one cluster out of the nodes of a development cluster: adds those that are not members yet,
// and tells when all of them are ready.
import type { ClusterStatus } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { AdminClient } from '../admin-client.ts'
import type { NodeLayout } from './layout.ts'

const callTimeoutMs = 3000

export interface Formation {
  readonly isReady: boolean
  /** What is waited for, for people. */
  readonly waitingFor: string
  /** Node ids by peer address. */
  readonly ids: ReadonlyMap<string, number>
}

/** What of `GET /v1/cluster` is used here. */
export type ClusterView = Pick<ClusterStatus, 'nodes' | 'groups'> & {
  readonly clusterId: string | null
}

/** The view of the first node that answers as a member; null if none does. */
export async function viewCluster(nodes: readonly NodeLayout[]): Promise<ClusterView | null> {
  for (const { http } of nodes) {
    const view = await viewFrom(http)
    if (view !== null && view.clusterId !== null) return view
  }
  return null
}

async function viewFrom(http: string): Promise<ClusterView | null> {
  try {
    return (await new AdminClient(http, callTimeoutMs).call('GET', '/v1/cluster')) as ClusterView
  } catch {
    return null
  }
}

async function notReadyReason(http: string): Promise<string | null> {
  try {
    const { status, body } = await new AdminClient(http, callTimeoutMs).ask('GET', '/health/ready')
    if (status === 200) return null
    const isTold = typeof body === 'object' && body !== null && 'message' in body
    return isTold ? String(body.message) : `it answers ${status}`
  } catch (error) {
    return HoldfastError.from(error).message
  }
}

export class Forming {
  readonly #nodes: readonly NodeLayout[]
  /** Peer addresses whose addition was accepted. */
  readonly #asked = new Set<string>()

  constructor(nodes: readonly NodeLayout[]) {
    this.#nodes = nodes
  }

  /** Looks once, and asks for what is missing. `running` are the nodes whose process is alive. */
  async look(running: readonly NodeLayout[]): Promise<Formation> {
    const view = await viewCluster(running)
    if (view === null || view.nodes.length === 0) {
      return { isReady: false, waitingFor: 'the first node', ids: new Map() }
    }
    const ids = new Map(view.nodes.map(({ peer, id }) => [peer, id]))
    const missing = running.filter(({ peer }) => !ids.has(peer))
    // One after the other, so that the ids follow the order of the nodes.
    const next = missing[0]
    if (next !== undefined) await this.#add(next, running)
    return { ids, ...(await this.#judge(view, running, missing)) }
  }

  async #judge(
    view: ClusterView,
    running: readonly NodeLayout[],
    missing: readonly NodeLayout[]
  ): Promise<{ isReady: boolean; waitingFor: string }> {
    const first = missing[0]
    if (first !== undefined) {
      return { isReady: false, waitingFor: `the node at ${first.peer} to join` }
    }
    const wanted = Math.min(3, this.#nodes.length, view.nodes.length)
    const thin = view.groups.filter(({ voters }) => voters.length < wanted)
    if (view.groups.length === 0 || thin.length > 0) {
      const have = view.groups.length - thin.length
      const waitingFor = `groups to have ${wanted} voters (${have} of ${view.groups.length} have)`
      return { isReady: false, waitingFor }
    }
    for (const { http } of running) {
      const reason = await notReadyReason(http)
      if (reason !== null) return { isReady: false, waitingFor: `the node at ${http}: ${reason}` }
    }
    return { isReady: true, waitingFor: '' }
  }

  async #add(node: NodeLayout, running: readonly NodeLayout[]): Promise<void> {
    if (this.#asked.has(node.peer)) return
    for (const other of running) {
      if (other === node) continue
      try {
        const client = new AdminClient(other.http, callTimeoutMs)
        await client.call('POST', '/v1/nodes', { peer: node.peer })
        this.#asked.add(node.peer)
        return
      } catch {
        // A node that is not ready for it yet; the next one, or the next look, will be.
      }
    }
  }

  /** The node's process was started again: if it is still missing, it is asked for again. */
  forget(node: NodeLayout): void {
    this.#asked.delete(node.peer)
  }
}
