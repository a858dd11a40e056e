// The development cluster with stand-ins for its nodes: how it forms, restarts, resumes and stops.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { findPortOffset, identifyProcess, isProcessAlive } from '@holdfast/testkit'
import t, { type Test } from 'tap'
import { DevelopmentCluster } from '../../src/development/development-cluster.ts'
import type { Report, ReportedNode } from '../../src/development/report.ts'
import { until } from '../fakes.ts'
import { fakeNodeScript } from './fake-node.ts'

interface Kept extends Report {
  readonly readies: (readonly ReportedNode[])[]
  readonly events: string[]
}

function keep(): Kept {
  const readies: (readonly ReportedNode[])[] = []
  const events: string[] = []
  return {
    readies,
    events,
    started: () => undefined,
    waiting: () => undefined,
    cluster: () => undefined,
    stopping: () => undefined,
    ready: (nodes) => readies.push(nodes),
    event: (event, { id }, how) => events.push(`${event} ${id} ${event === 'exited' ? how : ''}`)
  }
}

function start(
  t: Test,
  directory: string,
  portOffset: number,
  change: { nodes?: number; restart?: boolean } = {}
): { report: Kept; cluster: DevelopmentCluster; done: Promise<void> } {
  const report = keep()
  const cluster = new DevelopmentCluster({
    nodes: change.nodes ?? 3,
    data: join(directory, 'data'),
    portOffset,
    restart: change.restart ?? false,
    launcher: [process.execPath, join(directory, 'node.mjs')],
    report,
    isWatching: true
  })
  const done = cluster.run()
  done.catch(() => undefined)
  t.teardown(() => cluster.kill())
  return { report, cluster, done }
}

/** Until it is ready. @throws what ended it before */
async function ready({ report, done }: ReturnType<typeof start>): Promise<void> {
  const ended = done.then(() => {
    throw new Error('it ended before it was ready')
  })
  await Promise.race([until(() => report.readies.length === 1), ended])
}

const wordsOf = (directory: string, index: number): string[] =>
  JSON.parse(readFileSync(join(directory, 'data', `node-${index}`, 'words'), 'utf8'))

t.test('forms a cluster, survives a dead node, stops, and finds its data', async (t) => {
  const directory = t.testdir({ 'node.mjs': fakeNodeScript })
  const offset = await findPortOffset(3)
  const first = start(t, directory, offset)
  await ready(first)
  const nodes = first.report.readies[0] ?? []
  t.same(
    nodes.map(({ id, layout }) => [id, layout.index]),
    [
      [1, 0],
      [2, 1],
      [3, 2]
    ]
  )
  t.ok(wordsOf(directory, 0).includes('--bootstrap'))
  t.notOk(wordsOf(directory, 1).includes('--bootstrap'))
  t.notOk(nodes[0]?.command.includes('--bootstrap'), 'the command starts it, and no new cluster')
  t.ok(nodes[0]?.command.includes('--token'))
  const processes = nodes.map(({ pid }) => identifyProcess(pid ?? 0))
  t.ok(processes.every(isProcessAlive))
  process.kill(nodes[1]?.pid ?? 0, 'SIGKILL')
  await until(() => first.report.events.length === 1)
  t.same(first.report.events, ['exited 2 SIGKILL'])
  await first.cluster.stop()
  await first.done
  t.notOk(processes.some(isProcessAlive))

  const second = start(t, directory, offset)
  await ready(second)
  t.notOk(wordsOf(directory, 0).includes('--bootstrap'))
  const state = JSON.parse(readFileSync(join(directory, 'data', 'state.json'), 'utf8'))
  t.match(state, { bootstraps: 1 })
  t.equal(state.peers.length, 3)
  await second.cluster.stop()
  await second.done
})

t.test(
  'with restart, a node that died is started again; one that was stopped is not',
  async (t) => {
    const directory = t.testdir({ 'node.mjs': fakeNodeScript })
    const started = start(t, directory, await findPortOffset(3), { nodes: 2, restart: true })
    const { report, cluster, done } = started
    await ready(started)
    const nodes = report.readies[0] ?? []
    process.kill(nodes[0]?.pid ?? 0, 'SIGKILL')
    await until(() => report.events.length === 2)
    t.same(report.events, ['exited 1 SIGKILL', 'started 1 '])
    process.kill(nodes[1]?.pid ?? 0, 'SIGTERM')
    await until(() => report.events.length === 3)
    t.equal(report.events[2], 'exited 2 exit code 0')
    await cluster.stop()
    await done
  }
)

t.test('a node that cannot start ends it all, with the reason', async (t) => {
  const directory = t.testdir({ 'node.mjs': fakeNodeScript, data: { broken: '' } })
  const { done, report } = start(t, directory, await findPortOffset(3), { nodes: 1 })
  await t.rejects(done, { code: 'UNAVAILABLE', message: /node 0 ended .*node-0\.log/ })
  t.match(readFileSync(join(directory, 'data', 'node-0.log'), 'utf8'), /on fire/)
  t.same(report.readies, [])
})

t.test('a port in use ends it before anything starts', async (t) => {
  const directory = t.testdir({ 'node.mjs': fakeNodeScript })
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const { done } = start(t, directory, port - 7672, { nodes: 1 })
  await t.rejects(done, { code: 'CONFIGURATION_INVALID', message: /--port-offset/ })
  t.notOk(existsSync(join(directory, 'data', 'node-0')))
})

t.test('nodes end when the process that started them is gone', async (t) => {
  const directory = t.testdir({ 'node.mjs': fakeNodeScript })
  const offset = await findPortOffset(3)
  const module = import.meta.resolve('@holdfast/server/terminal')
  const script = join(directory, 'dev.mjs')
  writeFileSync(
    script,
    `import { DevelopmentCluster, jsonReport } from ${JSON.stringify(module)}
    await new DevelopmentCluster({ nodes: 1, data: ${JSON.stringify(join(directory, 'data'))},
      portOffset: ${offset}, restart: false, isWatching: false,
      launcher: [process.execPath, ${JSON.stringify(join(directory, 'node.mjs'))}],
      report: jsonReport((line) => process.stdout.write(line + '\\n')) }).run()`
  )
  const { spawn } = await import('node:child_process')
  const dev = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  dev.stdout.on('data', (chunk) => {
    text += chunk
  })
  t.teardown(() => dev.kill('SIGKILL'))
  await until(() => text.includes('"ready"'))
  const node = identifyProcess(JSON.parse(text).nodes[0].pid)
  t.ok(isProcessAlive(node))
  dev.kill('SIGKILL')
  // Where nobody waits for orphans, as in some containers, it stays a zombie.
  await until(() => !isProcessAlive(node))
})
