// `holdfast status`: the cluster at a glance.
import type { ClusterStatus } from '@holdfast/cluster'
import { formatTable } from '@holdfast/server/terminal'
import type { Terminal } from '../terminal.ts'
import { adminClient, type NodeFlags } from '../tls.ts'

export interface StatusOptions extends NodeFlags {
  readonly json?: boolean
}

type Cluster = Pick<ClusterStatus, 'clusterId' | 'nodes' | 'groups' | 'warnings'>

export async function status(options: StatusOptions, terminal: Terminal): Promise<void> {
  const client = adminClient(options)
  const cluster = (await client.call('GET', '/v1/cluster')) as Cluster
  if (options.json === true) {
    terminal.print(JSON.stringify(cluster))
    return
  }
  for (const line of describeCluster(cluster)) terminal.print(line)
}

/** Lines for people. */
export function describeCluster(cluster: Cluster): readonly string[] {
  if (cluster.clusterId === null) {
    return ['This node belongs to no cluster yet.', "Add it from a member: 'holdfast node add'."]
  }
  const groups = cluster.groups.map(({ id, kind, leader, term, voters, learners, ...indexes }) => [
    kind === 'metadata' ? 'metadata' : `shard ${id}`,
    leader === null ? 'none' : String(leader),
    String(term),
    voters.join(' '),
    learners.length === 0 ? '-' : learners.join(' '),
    String(indexes.commitIndex),
    String(indexes.appliedIndex)
  ])
  const header = ['group', 'leader', 'term', 'voters', 'learners', 'commit', 'applied']
  return [
    `cluster ${cluster.clusterId}`,
    '',
    ...describeNodes(cluster.nodes),
    '',
    ...formatTable([header, ...groups]),
    ...(cluster.warnings ?? []).map((warning) => `\nwarning: ${warning}`)
  ]
}

export function describeNodes(nodes: ClusterStatus['nodes']): readonly string[] {
  const rows = nodes.map(({ id, incarnation, state, client, peer, http }) => [
    String(id),
    String(incarnation),
    state,
    client,
    peer,
    http
  ])
  return formatTable([['node', 'incarnation', 'state', 'client', 'peer', 'http'], ...rows])
}
