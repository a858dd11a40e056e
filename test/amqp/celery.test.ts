// Celery, of Debian, against a cluster of three nodes: a worker is killed, and so is the leader of
// the queue, to which the other worker is connected. Each task is done, and each result arrives.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ClusterProcess, eventually, repositoryRoot, temporaryDirectory } from '@holdfast/testkit'
import { connect } from 'amqplib'
import t from 'tap'
import { ClientProgram } from './client-program.ts'
import { celeryPackages, hasPackages, python } from './debian-packages.ts'

t.setTimeout(280_000)

/** 1,000 take as long as all other tests with libraries of Debian together. */
const tasks = 180

t.test('Celery loses no task with a worker, nor with a leader', async (t) => {
  if (!hasPackages(t, celeryPackages)) return
  const directory = temporaryDirectory(t, 'celery')
  const cluster = await ClusterProcess.start({ data: join(directory, 'data') })
  t.teardown(() => cluster.stop())
  const setUp = await connect(`amqp://${cluster.nodes[0]?.amqp}`)
  await (await setUp.createChannel()).assertQueue('celery')
  await setUp.close()
  const { leader } = await cluster.admin.queue('celery')
  const ledger = join(directory, 'ledger')
  const done = (): string[] => readFileSync(ledger, 'utf8').trimEnd().split('\n')
  /** A program that tries the nodes from this one on. */
  const start = (first: number | null, ...flags: readonly string[]): ClientProgram => {
    const nodes = [...cluster.nodes].sort((a, b) => Number(b.id === first) - Number(a.id === first))
    const brokers = nodes.map(({ amqp }) => `amqp://${amqp}`).join(';')
    const environment = { BROKERS: brokers, LEDGER: ledger }
    const where = { directory: join(repositoryRoot, 'test/amqp/python'), environment }
    return new ClientProgram(t, [python, ...flags], where)
  }
  // In one process: whose connection broke may else hand no task to the processes of its pool any
  // more, which wait for that, with Celery 5.
  const worker = (name: string, first: number | null): ClientProgram =>
    start(first, '-m', 'celery', '-A', 'tasks', 'worker', '-l', 'info', '-P', 'solo', '-n', name)
  const doomed = worker('doomed', leader)
  const other = worker('other', leader)
  for (const each of [doomed, other]) await each.says(/ready\.$/)

  const asking = start(
    cluster.nodes.find(({ id }) => id !== leader)?.id ?? 0,
    'ask_tasks.py',
    `${tasks}`
  )
  const reach = (count: number): Promise<unknown> =>
    eventually(`${count} tasks`, () => done().length >= count, { timeoutMs: 120_000 })
  await reach(tasks / 6)
  doomed.signal('SIGKILL')
  await reach(tasks / 3)
  await cluster.kill(leader ?? 0)
  for (const what of ['singles', 'chains', 'groups']) {
    const said = asking.says(`ok ${what}`, 200_000)
    said.catch(() => t.comment(`${new Set(done()).size} of ${tasks} tasks are done`))
    t.ok(await said, what)
  }
  t.equal(await asking.ended, 0)
  t.equal(new Set(done()).size, tasks)
  other.signal('SIGTERM')
  await other.ended
})
