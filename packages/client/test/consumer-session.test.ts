// What a consumer of the SDK claims when it attaches again: the link is a stub that takes what a
// node takes.
import { HoldfastError } from '@holdfast/errors'
import { type ClientRequest, parseRequest, protocolLimits } from '@holdfast/protocol'
import { encodeRecord } from '@holdfast/record'
import t from 'tap'
import { realPlatform } from '../src/clock.ts'
import { ConsumerSession } from '../src/consumer-session.ts'
import type { Answer, Link } from '../src/link.ts'
import { until } from './sdk-scene.ts'

const { prefetchMax } = protocolLimits
const record = encodeRecord(null, new Uint8Array(1))
const broken = new HoldfastError('CONNECTION_CLOSED', { reason: 'the leader died' })

/** A consumer of the largest prefetch, and what it has claimed, a list for each attachment. */
function scene(): { session: ConsumerSession; claims: (readonly number[] | null)[] } {
  const claims: (readonly number[] | null)[] = []
  const request = ({ type, ...args }: ClientRequest, answer: Answer): void => {
    try {
      const taken = parseRequest(type, args)
      if (taken.type === 'consume') claims.push(taken.resume)
      answer(null, { consumer: claims.length })
    } catch (error) {
      answer(HoldfastError.from(error), null)
    }
  }
  const nothing = (): void => undefined
  const link = { node: 1, request, addConsumer: nothing, removeConsumer: nothing, settle: nothing }
  const session = new ConsumerSession(
    {
      queue: 'orders',
      tag: 'one',
      prefetch: prefetchMax,
      autoAck: false,
      exclusive: false,
      priority: 0,
      timeoutMs: 30_000
    },
    {
      platform: realPlatform,
      locate: async () => 1,
      openNode: async () => link as unknown as Link,
      attached: nothing,
      detached: nothing,
      settlementFailed: nothing,
      ended: nothing,
      schedule: nothing
    }
  )
  return { session, claims }
}

function deliver(session: ConsumerSession, firstOffset: number, count: number): void {
  const blob = new Uint8Array(record.length * count)
  for (let i = 0; i < count; i++) blob.set(record, i * record.length)
  const run = { consumer: 1, exchange: '', routingKey: 'orders', attempt: 0, deliveryCount: 0 }
  session.deliver({ ...run, firstOffset, count, blob })
}

t.test('what is held and being settled is claimed, as far as a node takes it', async (t) => {
  const { session, claims } = scene()
  await session.start()
  deliver(session, 1, prefetchMax)
  for (let i = 0; i < 500; i++) session.take()?.ack()
  session.flush()
  // A node counts what is settled as free before that is committed.
  deliver(session, prefetchMax + 1, 400)
  session.detached(broken)
  await until(() => claims.length === 2)
  t.same(claims[1], [401, prefetchMax + 400, 0])
  t.notOk(session.isEnded)
  session.end(null)
})

t.test('of more than one may hold the latest are claimed', async (t) => {
  const { session, claims } = scene()
  await session.start()
  deliver(session, 1, prefetchMax)
  for (let i = 0; i < 500; i++) session.take()
  // To this consumer all of that is held still; the broker has given some of it to others.
  deliver(session, prefetchMax + 1, 300)
  session.detached(broken)
  await until(() => claims.length === 2)
  t.same(claims[1], [301, prefetchMax + 300, 0])
  session.end(null)
})
