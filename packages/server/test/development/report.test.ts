// What `holdfast dev` prints.
import t from 'tap'
import { planLayout } from '../../src/development/layout.ts'
import {
  describeChanges,
  formatTable,
  jsonReport,
  peopleReport
} from '../../src/development/report.ts'

const [layout] = planLayout(1, '/d', 0).nodes
const node = { id: 7, pid: 42, layout: layout as NonNullable<typeof layout>, command: ['a', 'b'] }

t.test('lines of JSON', async (t) => {
  const lines: string[] = []
  const report = jsonReport((line) => lines.push(line))
  report.started([node], '/d')
  report.waiting('x')
  report.ready([node], 'secret')
  report.event('exited', node, 'SIGKILL')
  report.event('started', { ...node, pid: 43 }, '43')
  report.stopping()
  t.same(
    lines.map((line) => JSON.parse(line)),
    [
      {
        ready: true,
        token: 'secret',
        nodes: [
          {
            id: 7,
            pid: 42,
            client: '127.0.0.1:7672',
            amqp: '127.0.0.1:5672',
            peer: '127.0.0.1:7673',
            http: '127.0.0.1:7680',
            data: '/d/node-0',
            command: ['a', 'b']
          }
        ]
      },
      { event: 'exited', id: 7, pid: 42 },
      { event: 'started', id: 7, pid: 43 }
    ]
  )
})

t.test('sentences for people, without the token', async (t) => {
  const lines: string[] = []
  const report = peopleReport(
    (line) => lines.push(line),
    () => '12:00'
  )
  report.started([node], '/d')
  report.waiting('the first node')
  report.waiting('the first node')
  report.ready([node], 'secret')
  report.event('exited', node, 'SIGKILL')
  report.stopping()
  const text = lines.join('\n')
  t.match(text, /127\.0\.0\.1:7672 .*http:\/\/127\.0\.0\.1:7680 /)
  t.equal(lines.filter((line) => line.includes('waiting for the first node')).length, 1)
  t.match(text, /12:00 {2}node 7 ended \(SIGKILL\)/)
  t.notMatch(text, /secret/)
})

t.test('tells what changed between two views', async (t) => {
  const member = { incarnation: 1, client: '', peer: 'p:1', http: '' }
  const group = { term: 1, voters: [1], learners: [], commitIndex: 1, appliedIndex: 1 }
  const view = (
    nodes: readonly [number, 'up' | 'down'][],
    leaders: readonly (number | null)[]
  ) => ({
    clusterId: 'c',
    nodes: nodes.map(([id, state]) => ({ ...member, id, state })),
    groups: leaders.map((leader, id) => ({
      ...group,
      id,
      leader,
      kind: id === 0 ? ('metadata' as const) : ('shard' as const)
    }))
  })
  const before = view(
    [
      [1, 'up'],
      [2, 'up']
    ],
    [1, 1, 2]
  )
  t.same(describeChanges(before, before), [])
  t.same(
    describeChanges(
      before,
      view(
        [
          [2, 'down'],
          [3, 'up']
        ],
        [2, null, 2]
      )
    ),
    [
      'node 2 is down',
      'node 3 at p:1 is new: up',
      'node 1 is no longer a member',
      'node 2 leads the metadata group',
      'shard 1 has no leader'
    ]
  )
  t.same(describeChanges(before, null), ['no node answers'])
  t.same(describeChanges(null, before), [])
})

t.test('columns line up', async (t) => {
  t.same(
    formatTable([
      ['a', 'bb'],
      ['ccc', 'd']
    ]),
    ['a    bb', 'ccc  d']
  )
})
