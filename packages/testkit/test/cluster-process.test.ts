// ClusterProcess against a stand-in CLI: start, ready line, kill, restart, pause, blank servers,
// stop.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { AdminError, isNodeReady } from '../src/admin-client.ts'
import { ClusterProcess } from '../src/cluster-process.ts'
import { eventually, within } from '../src/eventually.ts'
import { isPortFree } from '../src/free-ports.ts'
import type { NodeSite } from '../src/node-site.ts'
import { signalOwned } from '../src/owned-processes.ts'
import { isProcessAlive } from '../src/process-usage.ts'
import { temporaryDirectory } from '../src/temporary-directory.ts'

const cli = fileURLToPath(new URL('./fake-holdfast.js', import.meta.url))

t.test('starts, kills, restarts and stops real processes', async (t) => {
  const cluster = await ClusterProcess.start({ data: temporaryDirectory(t), cli })
  t.teardown(() => cluster.stop())
  t.same(
    cluster.nodes.map((node) => node.id),
    [1, 2, 3]
  )
  await cluster.waitReady()
  t.equal(await cluster.leaderOf(0), 1)
  t.equal(await cluster.leaderOf(1), 2)
  t.equal(await cluster.leaderOf(99), null)
  const before = cluster.node(2).pid
  await cluster.kill(2)
  t.notOk(cluster.isAlive(2), 'the killed node is gone')
  t.ok(await isPortFree(Number(cluster.node(2).http.split(':')[1])), 'with all its threads')
  t.equal(await cluster.leaderOf(1), 2, 'the other nodes are asked')
  await t.rejects(cluster.waitReady(60_000), /ready of node 2: it has ended, see test\.log/)
  cluster.restart(2)
  await cluster.waitReady(10_000, [2])
  t.not(cluster.node(2).pid, before)
  t.throws(() => cluster.restart(2), /runs already/)
  await cluster.waitCaughtUp()
  const pids = cluster.nodes.map((node) => node.pid)
  await cluster.stop()
  for (const pid of pids) t.notOk(isProcessAlive({ pid, startTicks: null }), `${pid} ended`)
})

t.test('a server that was started again and again is stopped as politely as others', async (t) => {
  const cluster = await ClusterProcess.start({ data: temporaryDirectory(t), cli })
  t.teardown(() => cluster.stop())
  for (let round = 0; round < 3; round++) {
    await cluster.kill(2)
    // Before this process hears that the one before has ended.
    cluster.restart(2)
    await cluster.waitReady(10_000, [2])
  }
  await within('the end without a kill', 30_000, cluster.stop(120_000))
})

t.test('starts a blank server at the site that is given', async (t) => {
  const data = temporaryDirectory(t)
  const launcher = ['env', 'SITE=here', process.execPath]
  const siteOf = (): NodeSite => ({ host: '127.0.0.9', data: `${data}/apart`, launcher })
  const cluster = await ClusterProcess.start({ data, cli })
  t.teardown(() => cluster.stop())
  t.notMatch(cluster.peerAt(1), /127\.0\.0\.9/)
  const apart = ClusterProcess.start({ data, cli, nodes: 1, siteOf, readyTimeoutMs: 1_000 })
  await t.rejects(apart, /membership of 127\.0\.0\.9:\d+/, 'a stand-in admits nobody')
})

t.test('pauses a node and wakes it', async (t) => {
  const cluster = await ClusterProcess.start({ data: temporaryDirectory(t), cli })
  t.teardown(() => cluster.stop())
  await cluster.waitReady()
  cluster.signal(1, 'SIGSTOP')
  t.notOk(await isNodeReady(cluster.node(1).http, 300), 'a stopped node answers nothing')
  t.ok(cluster.isAlive(1))
  cluster.signal(1, 'SIGCONT')
  await eventually('answer of the woken node', () => isNodeReady(cluster.node(1).http))
})

t.test('adds a blank server, renames and forgets it', async (t) => {
  const cluster = await ClusterProcess.start({ data: temporaryDirectory(t), cli })
  t.teardown(() => cluster.stop())
  const blank = cluster.startBlank(100, 3)
  t.match(blank.command.join(' '), /server --data .*place-3 .*--seed 127.0.0.1:\d+ .*--token t$/)
  await cluster.waitReady(10_000, [100])
  t.same(cluster.freePlaces(6), [4, 5], 'its place is taken')
  t.equal(cluster.peerAt(3), blank.peer)
  t.equal(cluster.placeOf(blank), 3)
  cluster.rename(100, 4)
  await cluster.kill(4)
  cluster.forget(4)
  t.throws(() => cluster.node(4), /no node 4/)
})

t.test('says what dev said when it fails, and refuses foreign pids', async (t) => {
  const data = `${temporaryDirectory(t)}/broken`
  await t.rejects(ClusterProcess.start({ data, cli }), /port 7672 is in use/)
  t.throws(() => signalOwned(1, 'SIGCONT'), /not started here/)
})

t.test('refusals of the API carry code and status', async (t) => {
  const cluster = await ClusterProcess.start({ data: temporaryDirectory(t), cli })
  t.teardown(() => cluster.stop())
  await cluster.waitReady()
  const error = await cluster.admin.queue('a/b').catch((reason: unknown) => reason)
  t.ok(error instanceof AdminError)
  t.match(error, { status: 404, code: 'ROUTE_NOT_FOUND' })
})

t.test('hears the last words of a server whose end it has seen already', async (t) => {
  const data = temporaryDirectory(t)
  const cluster = await ClusterProcess.start({ data, cli })
  t.teardown(() => cluster.stop())
  await cluster.kill(2)
  cluster.restart(2)
  await cluster.waitReady(10_000, [2])
  const stopping = cluster.stop()
  await new Promise((resolve) => setImmediate(resolve))
  // The timer that looks for the process and the end of its output are both due afterwards.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000)
  await stopping
  t.match(readFileSync(join(data, 'test.log'), 'utf8'), /says good-bye/)
})
