// Go, with Debian's libraries, against a cluster of three nodes: the programs of a tutorial, what
// people do with amqp091-go, and the integration tests that both libraries ship.
import { join } from 'node:path'
import { ClusterProcess, temporaryDirectory } from '@holdfast/testkit'
import { connect } from 'amqplib'
import t, { type Test } from 'tap'
import { ClientProgram } from './client-program.ts'
import { goLibraries, goPackages, hasPackages } from './debian-packages.ts'
import { buildGoPrograms, buildGoTests } from './go-build.ts'
import { testGoSuite } from './go-suite.ts'
import { testInterop } from './interop.ts'

t.setTimeout(560_000)

t.test('Go', async (t) => {
  if (!hasPackages(t, goPackages)) return
  const directory = temporaryDirectory(t, 'go')
  await buildGoPrograms(directory)
  const cluster = await ClusterProcess.start({ data: join(directory, 'data') })
  t.teardown(() => cluster.stop())
  const at = (place: number): string => `amqp://guest:guest@${cluster.nodes[place]?.amqp}/`
  /** One of the programs of the tutorial, at one of the nodes. */
  const start = (t: Test, place: number, name: string, ...flags: string[]): ClientProgram => {
    const environment = { AMQP_URL: at(place) }
    return new ClientProgram(t, [join(directory, name), ...flags], { environment })
  }

  await t.test('a consumer of hello hears what is sent to it', async (t) => {
    const consumer = start(t, 0, 'hello-consumer')
    await consumer.says(/ Waiting for messages/)
    const connection = await connect(at(1))
    const channel = await connection.createConfirmChannel()
    for (const text of ['one', 'two']) channel.sendToQueue('hello', Buffer.from(text))
    await channel.waitForConfirms()
    await connection.close()
    t.ok(await consumer.says(/ Received a message: one$/))
    t.ok(await consumer.says(/ Received a message: two$/))
  })

  await t.test('what went to my_queue is worked off once, until a signal', async (t) => {
    const producer = start(t, 0, 'my-queue-producer', 'a', 'b', 'c')
    t.equal(await producer.ended, 0)
    t.same(producer.lines, ['Sent'])
    const consumer = start(t, 1, 'my-queue-consumer')
    await consumer.says('Got c')
    consumer.signal('SIGTERM')
    t.equal(await consumer.ended, 0)
    t.same(consumer.lines, ['Got a', 'Got b', 'Got c', 'Bye'])
    const next = start(t, 2, 'my-queue-consumer')
    await start(t, 0, 'my-queue-producer', 'd').ended
    await next.says('Got d')
    next.signal('SIGINT')
    t.equal(await next.ended, 0)
    t.same(next.lines, ['Got d', 'Bye'])
  })

  await t.test('everybody who listens hears of logs', async (t) => {
    const listeners = [0, 1, 2].map((place) => start(t, place, 'logs', 'receive'))
    for (const listener of listeners) await listener.says(/ Waiting for logs/)
    t.equal(await start(t, 1, 'logs', 'emit', 'it', 'rains').ended, 0)
    for (const listener of listeners) t.ok(await listener.says(/ Heard it rains$/))
  })

  for (const [name, library] of Object.entries(goLibraries)) {
    await t.test(`the integration tests of ${library}`, async (t) => {
      const program = await buildGoTests(library, join(directory, `${name}.test`))
      await testGoSuite(t, { directory: library, program, url: at(0) })
    })
  }

  await t.test('amqp091-go publishes, consumes, asks, and survives a leader', (t) =>
    testInterop(t, cluster, [join(directory, 'interop')])
  )
})
