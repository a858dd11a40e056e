// The client of the load generators that connects again, over a library that is made up.
import { codeOf, type SdkDelivery, type SdkStatus } from '@holdfast/testkit'
import t from 'tap'
import type { AmqpMessage, AmqpSession } from './amqp-session.ts'
import { reconnecting } from './reconnecting.ts'

/** A session whose broker confirms nothing before it is told to. */
class FakeSession implements AmqpSession {
  readonly url: string
  readonly lose: (reason: string) => void
  readonly published: string[] = []
  readonly confirms: ((isTaken: boolean) => void)[] = []
  readonly consumers = new Map<string, (delivery: SdkDelivery) => void>()
  isAbandoned = false

  constructor(url: string, lose: (reason: string) => void) {
    this.url = url
    this.lose = lose
  }

  async declareQueue(): Promise<void> {}
  async deleteQueue(): Promise<void> {}
  async declareExchange(): Promise<void> {}
  async bindQueue(): Promise<void> {}
  async cancel(): Promise<void> {}
  async close(): Promise<void> {}

  publish({ messageId = '' }: AmqpMessage): Promise<boolean> {
    this.published.push(messageId)
    return new Promise((resolve) => this.confirms.push(resolve))
  }

  async consume(
    queue: string,
    _prefetch: number,
    take: (delivery: SdkDelivery) => void
  ): Promise<string> {
    this.consumers.set(queue, take)
    return queue
  }

  abandon(): void {
    this.isAbandoned = true
  }

  deliver(queue: string, routingKey: string): void {
    const settled = (): void => {
      throw new Error('the channel has ended')
    }
    this.consumers.get(queue)?.({
      body: new Uint8Array(0),
      exchange: '',
      routingKey,
      properties: null,
      redelivered: false,
      deliveryCount: 0,
      ack: settled,
      nack: settled,
      reject: settled
    })
  }
}

const addresses = ['a:7672', 'b:7682', 'c:7692']

async function start(refused: readonly string[] = []) {
  const sessions: FakeSession[] = []
  const statuses: SdkStatus[] = []
  const connect = reconnecting(async (url, lose) => {
    if (refused.includes(url)) throw new Error('refused')
    const session = new FakeSession(url, lose)
    sessions.push(session)
    return session
  })
  const client = await connect(addresses, { onStatus: (status) => statuses.push(status) })
  const last = (): FakeSession => sessions.at(-1) as FakeSession
  return { client, sessions, statuses, last }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

t.test('what was under way at a loss has no outcome, and is not repeated', async (t) => {
  const { client, sessions, last } = await start()
  const first = client.publish('', 'q', new Uint8Array(0), { messageId: '1' })
  const second = client.publish('', 'q', new Uint8Array(0), { messageId: '2' })
  const outcomes = Promise.allSettled([first, second])
  last().confirms[0]?.(true)
  await first
  last().lose('connection')
  // These wait for the next session, in their order.
  const third = client.publish('', 'q', new Uint8Array(0), { messageId: '3' })
  const fourth = client.publish('', 'q', new Uint8Array(0), { messageId: '4' })
  const [, lost] = await outcomes
  t.equal(lost?.status === 'rejected' && codeOf(lost.reason), 'CONNECTION_LOST')
  await turn()
  t.equal(sessions.length, 2)
  t.same(last().published, ['3', '4'])
  last().confirms[0]?.(true)
  await third
  last().confirms[1]?.(false)
  await t.rejects(fourth, { code: 'NACKED' })
  t.ok(sessions[0]?.isAbandoned)
})

t.test('it goes from one address to the next, and round', async (t) => {
  const { sessions, statuses, last } = await start(['amqp://b:5682'])
  for (let i = 0; i < 2; i += 1) {
    last().lose('channel')
    while (sessions.length < i + 2) await turn()
  }
  t.same(
    sessions.map(({ url }) => url),
    ['amqp://a:5672', 'amqp://c:5692', 'amqp://a:5672']
  )
  t.same(
    statuses.map(({ type, address }) => `${type} ${address}`),
    [
      ...['connecting a:7672', 'lost a:7672', 'connecting b:7682', 'connecting c:7692'],
      ...['lost c:7692', 'connecting a:7672']
    ]
  )
})

t.test('a cluster that takes nobody is an error at the start', async (t) => {
  const connect = reconnecting(() => Promise.reject(new Error('refused')))
  await t.rejects(connect(addresses), { message: 'refused' })
})

t.test('consumers start again, and see nothing of the session before', async (t) => {
  const { client, sessions, last } = await start()
  const consumer = await client.consume('q', { prefetch: 5 })
  const seen: string[] = []
  const consuming = (async () => {
    for await (const delivery of consumer) {
      seen.push(delivery.routingKey)
      delivery.ack()
    }
  })()
  last().deliver('q', 'one')
  await turn()
  last().deliver('q', 'unseen')
  last().lose('connection')
  sessions[0]?.deliver('q', 'late')
  await turn()
  last().deliver('q', 'two')
  await turn()
  t.same(seen, ['one', 'two'])
  await consumer.cancel()
  await consuming
})

t.test('the end of the client is no loss', async (t) => {
  const { client, statuses, sessions, last } = await start()
  await client.close()
  last().lose('connection')
  await turn()
  t.equal(sessions.length, 1)
  t.same(
    statuses.map(({ type }) => type),
    ['connecting']
  )
})
