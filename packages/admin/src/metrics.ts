// Prometheus metrics: one table says which there are and where each value comes from. Values are
// read from the node when they are asked for; nothing is counted here but the requests of this API.
// docs/reference/metrics.md is compared with the table by a test.
import type { ClusterStatus, MemberCounters, NodeState } from '@holdfast/cluster'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type CertificateReading, certificateRows } from './certificate-metrics.ts'
import { memberRows } from './member-metrics.ts'

/** A value with its labels. */
interface Sample {
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

/** What a metric is made from. */
interface Reading {
  readonly status: ClusterStatus
  readonly counters: MemberCounters
  readonly version: string
  readonly certificates: readonly CertificateReading[]
}

export interface MetricRow {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  readonly labels: readonly string[]
  read(reading: Reading): readonly Sample[]
}

/** How often the event loop is looked at: each look wakes a process that has nothing else to do. */
const loopLookMs = 500

const nodeStates: readonly NodeState[] = ['joining', 'up', 'down', 'leaving', 'damaged']

const one = (value: number): readonly Sample[] => [{ labels: {}, value }]
const flag = (condition: boolean): number => (condition ? 1 : 0)

/** A gauge with one sample for each group that has a replica here. */
function groupRow(
  name: string,
  help: string,
  value: (group: ClusterStatus['groups'][number], self: number | null) => number
): MetricRow {
  return {
    name,
    type: 'gauge',
    help,
    labels: ['group', 'kind'],
    read: ({ status }) =>
      status.groups.map((group) => ({
        labels: { group: group.id, kind: group.kind },
        value: value(group, status.self)
      }))
  }
}

const statusRows: readonly MetricRow[] = [
  {
    name: 'holdfast_build_info',
    type: 'gauge',
    help: 'Always 1; the version is in the label.',
    labels: ['version'],
    read: ({ version }) => [{ labels: { version }, value: 1 }]
  },
  {
    name: 'holdfast_node_info',
    type: 'gauge',
    help: 'Always 1; the labels say which node of which cluster this is; empty while it is blank.',
    labels: ['cluster', 'node'],
    read: ({ status }) => [
      { labels: { cluster: status.clusterId ?? '', node: status.self ?? '' }, value: 1 }
    ]
  },
  {
    name: 'holdfast_ready',
    type: 'gauge',
    help: '1 if the node is ready for clients, else 0.',
    labels: [],
    read: ({ status }) => one(flag(status.ready))
  },
  {
    name: 'holdfast_warnings',
    type: 'gauge',
    help: 'Sentences that an operator should read in /v1/cluster.',
    labels: [],
    read: ({ status }) => one(status.warnings.length)
  },
  {
    name: 'holdfast_nodes',
    type: 'gauge',
    help: 'Nodes of the cluster by state, as this node sees them.',
    labels: ['state'],
    read: ({ status }) =>
      nodeStates.map((state) => ({
        labels: { state },
        value: status.nodes.filter((node) => node.state === state).length
      }))
  },
  groupRow('holdfast_group_leader', '1 if this node leads the group, else 0.', (group, self) =>
    flag(group.leader !== null && group.leader === self)
  ),
  groupRow(
    'holdfast_group_leader_known',
    '1 if this node knows a leader of the group, else 0.',
    (group) => flag(group.leader !== null)
  ),
  groupRow('holdfast_group_term', 'Raft term of the group.', (group) => group.term),
  groupRow(
    'holdfast_group_commit_index',
    'Highest entry known to be committed.',
    (group) => group.commitIndex
  ),
  groupRow(
    'holdfast_group_applied_index',
    'Highest entry that the machine has applied.',
    (group) => group.appliedIndex
  ),
  groupRow('holdfast_group_voters', 'Voters of the group.', (group) => group.voters.length),
  groupRow('holdfast_group_learners', 'Learners of the group.', (group) => group.learners.length)
]

/** The rows that are read from the node, in the order of the reference page. */
export const metricRows: readonly MetricRow[] = [
  ...statusRows,
  ...certificateRows,
  ...(Object.keys(memberRows) as (keyof MemberCounters)[]).map((key): MetricRow => {
    const [type, name, help] = memberRows[key]
    return { name, type, help, labels: [], read: ({ counters }) => one(counters[key]) }
  })
]

function register(row: MetricRow, registry: Registry, reading: () => Reading): void {
  const settings = {
    name: row.name,
    help: row.help,
    labelNames: [...row.labels],
    registers: [registry]
  }
  if (row.type === 'gauge') {
    const gauge = new Gauge({
      ...settings,
      collect() {
        gauge.reset()
        for (const { labels, value } of row.read(reading())) gauge.set({ ...labels }, value)
      }
    })
    return
  }
  const counter = new Counter({
    ...settings,
    collect() {
      counter.reset()
      for (const { labels, value } of row.read(reading())) counter.inc({ ...labels }, value)
    }
  })
}

/** The metrics of one node, in a registry of their own. */
export interface Metrics {
  /** Prometheus text format; all rows of one answer come from one reading of the node. */
  text(): Promise<string>
  readonly contentType: string
  /** Names of everything that `text` shows, sorted. */
  names(): readonly string[]
  /** Counts one request; `route` is a template of the API, never what a caller typed. */
  observeRequest(route: string, status: number, durationMs: number): void
}

/** @param read Called once for each `text()`. */
export function createMetrics(read: () => Reading): Metrics {
  const registry = new Registry()
  let reading: Reading | null = null
  for (const row of metricRows) register(row, registry, () => reading ?? read())
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: loopLookMs })
  const requests = new Counter({
    name: 'holdfast_http_requests_total',
    help: 'Requests to the HTTP API, by route and status.',
    labelNames: ['route', 'status'],
    registers: [registry]
  })
  const durations = new Histogram({
    name: 'holdfast_http_request_duration_seconds',
    help: 'Time from the headers of a request to the end of its answer.',
    labelNames: ['route'],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 30],
    registers: [registry]
  })
  return {
    contentType: registry.contentType,
    async text() {
      reading = read()
      return await registry.metrics()
    },
    names: () =>
      registry
        .getMetricsAsArray()
        .map((metric) => metric.name)
        .sort(),
    observeRequest(route, status, durationMs) {
      requests.inc({ route, status })
      durations.observe({ route }, durationMs / 1000)
    }
  }
}
