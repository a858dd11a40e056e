// The examples of the README and of docs/reference/sdk.md: the same lines stand here, where they
// are compiled and run against a real cluster.
import * as sdk from '@holdfast/client'
import { HoldfastError } from '@holdfast/client'
import t from 'tap'
import { read } from '../tidy/workspace.ts'
import { sharedCluster } from './shared-cluster.ts'

t.setTimeout(280_000)

/** Lines without indentation, import lines and empty ones: what both sides must agree on. */
function linesOf(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('import '))
}

t.test('every example of the documents is compiled here', async (t) => {
  const here = linesOf(read('test/cluster/examples.test.ts')).join('\n')
  for (const path of ['README.md', 'docs/reference/sdk.md', 'docs/concepts/queues.md']) {
    const examples = [...read(path).matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code ?? '')
    t.ok(examples.length > 0, `${path} has examples`)
    for (const example of examples) {
      const lines = linesOf(example)
      t.ok(here.includes(lines.join('\n')), `${path}: ${lines[0]}`)
    }
  }
})

t.test('the examples run', async (t) => {
  const cluster = await sharedCluster(t)
  const logged: unknown[] = []
  const log = (...values: unknown[]): void => void logged.push(values)
  /** As the SDK's, at the addresses of this test's cluster. */
  const connect: typeof sdk.connect = (addresses, options) => {
    t.equal(addresses.length, 3)
    return sdk.connect(cluster.clientAddresses(), options)
  }

  await t.test('of the README', async (t) => {
    const connection = await connect(['127.0.0.1:7672', '127.0.0.1:7682', '127.0.0.1:7692'])
    await connection.declareQueue('orders')
    await connection.publish('', 'orders', 'hello') // settles when it is confirmed

    const consumer = await connection.consume('orders', { prefetch: 100 })
    for await (const delivery of consumer) {
      delivery.ack()
      break
    }
    await consumer.settled()
    await connection.close()
    t.equal(connection.unconfirmed, 0)
  })

  await t.test('of the page about the SDK, with TLS', async (t) => {
    const files: string[] = []
    const readFileSync = (name: string): string => {
      files.push(name)
      return '-----BEGIN …'
    }
    const connect = (_: readonly string[], options: sdk.ConnectOptions) => options
    const secured = await connect(['localhost:7672'], {
      tls: {
        ca: readFileSync('ca.crt'),
        cert: readFileSync('client.crt'),
        key: readFileSync('client.key')
      }
    })
    // It is run, with real files, by tls-guide.test.ts.
    t.same(files, ['ca.crt', 'client.crt', 'client.key'])
    t.ok(secured.tls)
  })

  await t.test('of the page about the SDK', async (t) => {
    const connection = await connect(['127.0.0.1:7672', '127.0.0.1:7682', '127.0.0.1:7692'], {
      name: 'billing',
      publishTimeoutMs: 30_000,
      onStatus: (status) => log(status)
    })

    await connection.declareQueue('orders')
    await connection.declareExchange('events', 'topic')
    await connection.bindQueue('orders', 'events', 'order.*')

    await connection.declareQueue('visitors', { autoDelete: true })
    await connection.declareQueue('carts', { expiresMs: 1_800_000 })
    await connection.declareQueue('offers', { messageTtlMs: 60_000 })
    await connection.declareQueue('ledger', { singleActiveConsumer: true })
    const { name } = await connection.declareQueue('', { expiresMs: 60_000 })

    await connection.declareQueue('offers', { messageTtlMs: 60_000 })
    await connection.publish('', 'offers', 'today only', { ttlMs: 5_000 })

    await connection.publish('events', 'order.created', new Uint8Array([1, 2, 3]), {
      headers: { customer: 7 },
      messageId: 'm-1',
      mandatory: true
    })

    const bodies = ['one', 'two', 'three']
    await Promise.all(bodies.map((body) => connection.publish('', 'orders', body)))

    const consumer = await connection.consume('orders', { prefetch: 100 })
    let handled = 0
    for await (const delivery of consumer) {
      log(delivery.text(), delivery.redelivered)
      delivery.ack()
      handled += 1
      if (handled === 4) break
    }
    await consumer.settled()
    await consumer.cancel()

    try {
      await connection.publish('events', 'nobody.asked', 'hello', { mandatory: true })
    } catch (error) {
      if (error instanceof HoldfastError && error.code === 'MESSAGE_UNROUTABLE') log('no queue')
      else throw error
    }

    t.match(name, /^gen-/)
    await connection.close()
    t.match(logged, [[{ type: 'connected' }]])
    t.ok(logged.some((values) => String(values) === 'no queue'))
    t.equal(logged.filter((values) => (values as unknown[])[1] === false).length, 4)
  })

  await t.test('of the page about queues, with limits and priorities', async (t) => {
    const connection = await sdk.connect(cluster.clientAddresses())
    await connection.declareQueue('latest', { maxLength: 1_000 })
    await connection.declareQueue('inbox', {
      maxLengthBytes: 10_000_000,
      overflow: 'reject-publish'
    })

    await connection.declareQueue('jobs', { maxPriority: 9 })
    await connection.publish('', 'jobs', 'mend the roof', { priority: 7 })
    const consumer = await connection.consume('jobs')
    for await (const delivery of consumer) {
      t.equal(delivery.properties.priority, 7)
      delivery.ack()
      break
    }
    await connection.close()
  })
})
