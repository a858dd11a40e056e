// The commands that ask the admin API: status, queues, nodes and the operations behind them.
import t, { type Test } from 'tap'
import { run } from '../src/main.ts'
import { FakeAdmin, type FakeAnswer } from './fake-admin.ts'
import { FakeSurroundings } from './fake-surroundings.ts'

const node = {
  id: 1,
  incarnation: 2,
  state: 'up',
  client: '127.0.0.1:7672',
  peer: '127.0.0.1:7673',
  http: '127.0.0.1:1'
}
const group = {
  id: 3,
  kind: 'shard',
  leader: null,
  term: 4,
  voters: [1],
  learners: [],
  commitIndex: 9,
  appliedIndex: 8
}
const cluster = { clusterId: 'c1', nodes: [node], groups: [group], warnings: ['too few nodes'] }
const queue = {
  vhost: '/',
  name: 'orders',
  type: 'durable',
  group: 3,
  leader: 1,
  ready: 5,
  unsettled: null,
  consumers: 1,
  bytes: 10,
  deadLetters: 0
}

/** Runs a command against an API; gives back what it said, did, and asked. */
async function ask(
  t: Test,
  parameters: readonly string[],
  answers: Readonly<Record<string, readonly FakeAnswer[]>>
): Promise<{ exitCode: number; lines: string[]; complaints: string[]; asked: string[] }> {
  const admin = await FakeAdmin.start(answers, t)
  const surroundings = new FakeSurroundings()
  const exitCode = await run([...parameters, '--node', admin.address], surroundings)
  const { lines, complaints } = surroundings
  return { exitCode, lines, complaints, asked: admin.asked }
}

t.test('status shows nodes, groups without a leader, and warnings', async (t) => {
  const { exitCode, lines } = await ask(t, ['status'], { 'GET /v1/cluster': [{ body: cluster }] })
  t.equal(exitCode, 0)
  const text = lines.join('\n')
  t.match(text, 'cluster c1')
  t.match(text, /shard 3 +none +4 +1 +- +9 +8/)
  t.match(text, 'warning: too few nodes')
})

t.test('status of a blank node', async (t) => {
  const blank = { clusterId: null, nodes: [], groups: [] }
  const { lines } = await ask(t, ['status'], { 'GET /v1/cluster': [{ body: blank }] })
  t.match(lines[0], 'belongs to no cluster')
})

t.test('queue list follows the pages, and shows what is not known as such', async (t) => {
  const { lines, asked } = await ask(t, ['queue', 'list'], {
    'GET /v1/queues?limit=500': [{ body: { queues: [queue], cursor: 'a/b' } }],
    'GET /v1/queues?limit=500&cursor=a%2Fb': [
      { body: { queues: [{ ...queue, name: 'bell\u0007' }], cursor: null } }
    ]
  })
  t.equal(asked.length, 2)
  t.match(lines.join('\n'), /orders +3 +1 +5 +\? +1 +10 +0/)
  t.match(lines.join('\n'), '"bell\\u0007"', 'nothing moves the cursor of a terminal')
})

t.test('queue inspect, purge, delete: names are encoded', async (t) => {
  const path = '/v1/queues/%2F/a%20b'
  const answers = {
    [`GET ${path}`]: [{ body: queue }],
    [`POST ${path}/purge`]: [{ body: { messages: 7 } }],
    [`DELETE ${path}`]: [{ body: {} }]
  }
  const inspected = await ask(t, ['queue', 'inspect', 'a b', '--json'], answers)
  t.same(JSON.parse(inspected.lines[0] ?? ''), queue)
  t.match((await ask(t, ['queue', 'purge', 'a b'], answers)).lines, [/^7 messages were purged/])
  t.match((await ask(t, ['queue', 'delete', 'a b'], answers)).lines, ['Queue a b was deleted.'])
})

const operation = (state: string, done: number, error: object | null = null): object => ({
  id: '5',
  kind: 'remove-node',
  state,
  progress: { done, total: 2, sentence: `step ${done}` },
  error
})

t.test('node remove watches its operation to the end', async (t) => {
  const { exitCode, lines } = await ask(t, ['node', 'remove', '1'], {
    'GET /v1/cluster': [{ body: cluster }],
    'DELETE /v1/nodes/1': [{ status: 202, body: { operation: operation('running', 0) } }],
    'GET /v1/operations/5': [
      { body: operation('running', 1) },
      // The metadata group elects: nobody can tell for a moment.
      { status: 503, body: { code: 'UNAVAILABLE', message: 'no leader', details: {} } },
      { body: operation('succeeded', 2) }
    ]
  })
  t.equal(exitCode, 0)
  t.same(lines, ['12:00:00  0/2  step 0', '12:00:00  1/2  step 1', '12:00:00  succeeded  step 2'])
})

t.test('an operation that fails is a failure of the command', async (t) => {
  const add = async (error: object): Promise<string[]> => {
    const { exitCode, complaints } = await ask(t, ['node', 'add', '127.0.0.1:1'], {
      'GET /v1/cluster': [{ body: cluster }],
      'POST /v1/nodes': [{ status: 202, body: { operation: operation('failed', 0, error) } }]
    })
    t.equal(exitCode, 1)
    return complaints
  }
  const unreachable = { code: 'NODE_UNREACHABLE', message: 'nothing answers at h:1: refused' }
  const [said, next] = await add(unreachable)
  t.equal(said, 'holdfast: nothing answers at h:1: refused [NODE_UNREACHABLE]')
  t.match(next, /holdfast dev/)
  const newer = { code: 'OF_A_NEWER_VERSION', message: 'it cannot be' }
  t.same(await add(newer), ['holdfast: it cannot be [OF_A_NEWER_VERSION]'])
})

t.test('--no-wait returns once it is started', async (t) => {
  const { lines, asked } = await ask(t, ['node', 'remove', '1', '--no-wait'], {
    'GET /v1/cluster': [{ body: cluster }],
    'DELETE /v1/nodes/1': [{ status: 202, body: { operation: operation('running', 0) } }]
  })
  t.equal(lines.at(-1), 'operation 5 runs on')
  t.equal(asked.length, 2)
})

t.test('what the API refuses is told with its code; a dead node by what to do', async (t) => {
  const missing = { code: 'QUEUE_NOT_FOUND', message: "no queue 'x' in vhost '/'", details: {} }
  const refused = await ask(t, ['queue', 'inspect', 'x'], {
    'GET /v1/queues/%2F/x': [{ status: 404, body: missing }]
  })
  t.equal(refused.exitCode, 1)
  t.match(refused.complaints, [/\[QUEUE_NOT_FOUND\]/, /queue list/])
  const surroundings = new FakeSurroundings()
  t.equal(await run(['status', '--node', '127.0.0.1:1'], surroundings), 1)
  t.match(surroundings.complaints, [/\[NODE_UNREACHABLE\]/, /holdfast dev/])
})
