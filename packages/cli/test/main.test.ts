// Commands that ask nodes, against a node that answers from a table.
import t, { type Test } from 'tap'
import { fakeNode } from './fakes.ts'
import { ran } from './ran.ts'

const member = { incarnation: 1, state: 'up', client: 'c:1', peer: 'p:1', http: 'h:1' }
const cluster = {
  clusterId: 'abc',
  nodes: [{ id: 1, ...member }],
  groups: [
    {
      id: 0,
      kind: 'metadata',
      leader: 1,
      term: 3,
      voters: [1],
      learners: [2],
      commitIndex: 9,
      appliedIndex: 8
    },
    {
      id: 1,
      kind: 'shard',
      leader: null,
      term: 4,
      voters: [1],
      learners: [],
      commitIndex: 5,
      appliedIndex: 5
    }
  ],
  warnings: ['one node tolerates no failure']
}

t.test('help and version are no errors; a wrong word is wrong usage', async (t) => {
  const help = await ran(['--help'])
  t.equal(help.code, 0)
  t.match(help.out, /dev .*\n.*server .*\n.*status /)
  t.match((await ran(['--version'])).out, /^\d+\.\d+\.\d+$/)
  for (const words of [
    ['frob'],
    ['publish'],
    ['status', '--frob'],
    ['consume', 'q', '--count', 'x'],
    ['dev', '--nodes', '0'],
    ['dev', '--nodes', '10'],
    ['dev', '--port-offset', '-1']
  ]) {
    const { code, err } = await ran(words)
    t.equal(code, 2, words.join(' '))
    t.match(err, /error:/)
  }
})

t.test('server offers every setting as a flag, and refuses a wrong one', async (t) => {
  const { out } = await ran(['server', '--help'])
  for (const flag of ['--data', '--client', '--seed', '--token', '--bootstrap', '--config']) {
    t.match(out, flag)
  }
  t.match(await ran(['server', '--data', '/d', '--client', '0.0.0.0:1']), {
    code: 1,
    err: /ADDRESS_REFUSED/
  })
  t.match(await ran(['server']), { code: 1, err: /'data' is not valid.*CONFIGURATION_INVALID/ })
  t.match(await ran(['server', '--data', '/d', '--connections-max', 'many']), {
    code: 1,
    err: /'connectionsMax'/
  })
})

t.test('status', async (t) => {
  const node = await fakeNode(t)
  node.answers.set('GET /v1/cluster', [[200, cluster]])
  const people = await ran(['status', '--node', node.address])
  t.equal(people.code, 0)
  t.match(people.out, /metadata {2}1 {7}3 /)
  t.match(people.out, /shard 1 {3}none/)
  t.match(people.out, /warning: one node/)
  const programs = await ran(['status', '--node', node.address, '--json'])
  t.same(JSON.parse(programs.out), cluster)
  t.match(await ran(['status', '--node', `http://${node.address}/`]), { code: 0, out: /metadata/ })
  node.answers.set('GET /v1/cluster', [[200, { ...cluster, clusterId: null }]])
  t.match(await ran(['status', '--node', node.address]), { out: /no cluster yet/ })
})

t.test('a node that is away, and one that answers nonsense', async (t) => {
  t.match(await ran(['status', '--node', '127.0.0.1:1']), {
    code: 1,
    err: /nothing answers at 127\.0\.0\.1:1.*\n.*holdfast dev/
  })
  t.match(await ran(['status', '--node', 'nonsense']), { code: 1, err: /NODE_UNREACHABLE/ })
  const node = await fakeNode(t)
  t.match(await ran(['status', '--node', node.address]), { code: 1 })
})

const queue = {
  vhost: '/',
  name: 'a/b',
  type: 'durable',
  group: 3,
  leader: 1,
  ready: 5,
  unsettled: null,
  consumers: 0,
  bytes: 10,
  deadLetters: 0
}

t.test('queue list follows the pages', async (t) => {
  const node = await fakeNode(t)
  node.answers.set('GET /v1/queues?limit=500', [[200, { queues: [queue], cursor: 'x y' }]])
  const last = { ...queue, name: 'z\u001b[2J' }
  node.answers.set('GET /v1/queues?limit=500&cursor=x%20y', [
    [200, { queues: [last], cursor: null }]
  ])
  const people = await ran(['queue', 'list', '--node', node.address])
  t.match(people.out, /\/ {6}a\/b .* 5 +\? +0 +10/)
  t.notMatch(people.out, '\u001b', 'a name cannot move the cursor')
  const programs = await ran(['queue', 'list', '--node', node.address, '--json'])
  t.same(
    programs.terminal.lines.map((line) => JSON.parse(line)),
    [queue, last]
  )
  node.answers.set('GET /v1/queues?limit=500', [[200, { queues: [], cursor: null }]])
  t.match(await ran(['queue', 'list', '--node', node.address]), { out: /no queues/ })
})

t.test('queue inspect, purge and delete name the queue percent-encoded', async (t) => {
  const node = await fakeNode(t)
  node.answers.set('GET /v1/queues/%2F/a%2Fb', [[200, queue]])
  node.answers.set('POST /v1/queues/v/a%2Fb/purge', [[200, { messages: 7 }]])
  node.answers.set('DELETE /v1/queues/%2F/a%2Fb', [[204, null]])
  const at = ['--node', node.address]
  t.match(await ran(['queue', 'inspect', 'a/b', ...at]), { code: 0, out: /ready {9}5/ })
  t.match(await ran(['queue', 'purge', 'a/b', '--vhost', 'v', ...at]), { out: /7 messages/ })
  t.match(await ran(['queue', 'delete', 'a/b', ...at]), { code: 0, out: /was deleted/ })
  const details = { queue: 'c', vhost: '/' }
  const error = { code: 'QUEUE_NOT_FOUND', message: "no queue 'c' in vhost '/'", details }
  node.answers.set('GET /v1/queues/%2F/c', [[404, error]])
  t.match(await ran(['queue', 'inspect', 'c', ...at]), {
    code: 1,
    err: /no queue 'c' in vhost '\/' \[QUEUE_NOT_FOUND\]\n.*queue list/
  })
})

const operation = (state: string, done: number) => ({
  id: 'op-1',
  kind: 'add-node',
  node: 2,
  state,
  progress: { done, total: 3, sentence: `step ${done}` },
  error: state === 'failed' ? { code: 'JOIN_TOKEN_WRONG', message: 'the token is another' } : null
})

async function operating(t: Test, end: string): Promise<Awaited<ReturnType<typeof fakeNode>>> {
  const node = await fakeNode(t)
  node.answers.set('GET /v1/cluster', [
    [200, { ...cluster, nodes: [{ ...member, id: 1, http: node.address }] }]
  ])
  node.answers.set('POST /v1/nodes', [[202, { operation: operation('running', 0) }]])
  node.answers.set('DELETE /v1/nodes/2', [[202, { operation: operation('running', 0) }]])
  node.answers.set('GET /v1/operations/op-1', [
    [200, operation('running', 1)],
    [200, operation('running', 1)],
    [503, { code: 'UNAVAILABLE', message: 'electing', details: { reason: 'electing' } }],
    [200, operation(end, 3)]
  ])
  return node
}

t.test('node add watches the operation until it is done', async (t) => {
  const node = await operating(t, 'succeeded')
  const { code, terminal } = await ran(['node', 'add', '127.0.0.1:7703', '--node', node.address])
  t.equal(code, 0)
  t.same(terminal.lines, [
    '12:00:00  0/3  step 0',
    '12:00:00  1/3  step 1',
    '12:00:00  succeeded  step 3'
  ])
  t.same(
    node.calls.find(({ call }) => call === 'POST /v1/nodes')?.body,
    '{"peer":"127.0.0.1:7703"}'
  )
})

t.test('node remove fails when the operation does', async (t) => {
  const node = await operating(t, 'failed')
  t.match(await ran(['node', 'remove', '2', '--node', node.address]), {
    code: 1,
    err: /JOIN_TOKEN_WRONG/
  })
})

t.test('node add need not wait, and node list lists', async (t) => {
  const node = await operating(t, 'succeeded')
  const at = ['--node', node.address]
  t.match(await ran(['node', 'add', 'p:1', '--no-wait', ...at]), { code: 0, out: /runs on/ })
  t.match(await ran(['node', 'list', ...at]), { code: 0, out: /^node .*\n1 {5}1 / })
  const json = await ran(['node', 'add', 'p:1', '--json', ...at])
  t.match(JSON.parse(json.terminal.lines.at(-1) ?? ''), { state: 'succeeded' })
})
