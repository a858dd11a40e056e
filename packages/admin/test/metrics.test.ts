// Metrics: values come from the node, names and help agree with the reference page.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { createMetrics, metricRows } from '../src/metrics.ts'
import { FakePort } from './fake-port.ts'

const page = readFileSync(
  new URL('../../docs/reference/metrics.md', import.meta.resolve('@holdfast/admin/package.json')),
  'utf8'
)

function metricsOf(port: FakePort): ReturnType<typeof createMetrics> {
  return createMetrics(() => ({
    status: port.status(),
    counters: port.counters(),
    version: '1.2.3',
    certificates: []
  }))
}

t.test('values are those of the node, read once for each answer', async (t) => {
  const metrics = metricsOf(new FakePort())
  t.match(await metrics.text(), /^holdfast_messages_published_total 5$/m)
  const text = await metrics.text()
  t.match(text, /^holdfast_messages_published_total 10$/m)
  t.match(text, /^holdfast_build_info\{version="1\.2\.3"\} 1$/m)
  t.match(text, /^holdfast_node_info\{cluster="0123456789abcdef0123456789abcdef",node="1"\} 1$/m)
  t.match(text, /^holdfast_ready 1$/m)
  t.match(text, /^holdfast_nodes\{state="up"\} 3$/m)
  t.match(text, /^holdfast_group_leader\{group="1",kind="shard"\} 1$/m)
  t.match(text, /^holdfast_group_leader\{group="2",kind="shard"\} 0$/m)
  t.match(text, /^holdfast_group_leader_known\{group="2",kind="shard"\} 0$/m)
  t.match(text, /^holdfast_group_learners\{group="2",kind="shard"\} 1$/m)
})

t.test('a group that is gone is not shown any more, and a blank node shows none', async (t) => {
  const port = new FakePort()
  const metrics = metricsOf(port)
  t.match(await metrics.text(), /^holdfast_group_term\{group="2"/m)
  port.clusterStatus = { ...port.clusterStatus, groups: [], nodes: [], clusterId: null, self: null }
  const text = await metrics.text()
  t.notMatch(text, /^holdfast_group_term\{/m)
  t.match(text, /^holdfast_node_info\{cluster="",node=""\} 1$/m)
})

t.test('requests are counted by route and status', async (t) => {
  const metrics = metricsOf(new FakePort())
  metrics.observeRequest('/v1/cluster', 200, 30)
  const text = await metrics.text()
  t.match(text, /^holdfast_http_requests_total\{route="\/v1\/cluster",status="200"\} 1$/m)
  t.match(text, /^holdfast_http_request_duration_seconds_sum\{route="\/v1\/cluster"\} 0\.03$/m)
})

t.test('names end in their unit or kind', async (t) => {
  for (const { name, type } of metricRows) {
    t.equal(name.endsWith('_total'), type === 'counter', name)
    t.match(name, /^holdfast_[a-z_]+$/)
  }
})

t.test('the reference page lists what there is, and says the same', async (t) => {
  const listed = [...page.matchAll(/^\| `([a-z0-9_]+)` \| (\w+) \| ([^|]*) \| ([^|]*) \|$/gm)]
  const names = metricsOf(new FakePort()).names()
  const namesListed = listed.map((row) => row[1] ?? '')
  // Some metrics of the process exist on Linux only, or on some versions of Node only.
  const ours = (name: string): boolean => name.startsWith('holdfast_')
  t.same(namesListed.filter(ours).sort(), names.filter(ours), 'metrics of the node')
  for (const name of names) t.ok(namesListed.includes(name), `${name} is on the page`)
  for (const { name, type, help, labels } of metricRows) {
    const [, , kind, shown, text] = listed.find((row) => row[1] === name) ?? []
    t.equal(kind, type, name)
    t.equal(shown, labels.map((label) => `\`${label}\``).join(', ') || '–', name)
    t.equal(text, help, name)
  }
})
