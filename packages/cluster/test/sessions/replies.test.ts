// Direct reply-to: who may be reached, and that a node which takes replies slowly is not flooded.
import { encodeRecord } from '@holdfast/record'
import t from 'tap'
import type { Core } from '../../src/core.ts'
import { limits } from '../../src/limits.ts'
import { newReplyAddress, readReplyAddress } from '../../src/sessions/replies.ts'
import { coreWith, linkTo, sent } from '../part-core.ts'

const there = 'amq.rabbitmq.reply-to.2.3.4.0123456789abcdef012345=='

function publishOf(routingKey: string, bytes: number) {
  const way = { exchange: '', routingKey, copies: [], mandatory: false, first: false }
  const blob = encodeRecord(null, new Uint8Array(bytes))
  return { ...way, firstSequence: 1, lowestUnconfirmed: 1, count: 1, blob }
}

/** Bytes of replies that went out since the last look. */
function bytesSent(core: Core): number {
  const blobs = sent(core).map(({ message }) =>
    message.type === 'deliver' ? message.run.blob : []
  )
  return blobs.reduce((bytes, { length }) => bytes + length, 0)
}

t.test('an address comes back, and is another each time', async (t) => {
  const core = coreWith()
  const draws = [0, 0.25, 0.5, 1 - 2 ** -32]
  Object.assign(core, { options: { ...core.options, random: () => draws.shift() ?? 0 } })
  const first = newReplyAddress(core, 3, 4)
  t.equal(first, 'amq.rabbitmq.reply-to.1.3.4.0000000040000000800000==')
  t.same(readReplyAddress(first), { node: 1, connection: 3, consumer: 4, text: first })
  t.equal(newReplyAddress(core, 3, 4), 'amq.rabbitmq.reply-to.1.3.4.ffffffff00000000000000==')
  for (const other of [`${first}0`, first.slice(1), 'amq.rabbitmq.reply-to.1.3.4', 'q']) {
    t.equal(readReplyAddress(other), null)
  }
})

t.test('no more is on its way to a node than it takes', async (t) => {
  const core = coreWith()
  const { replies } = core
  linkTo(core, 2)
  const reply = publishOf(there, 6_000_000)
  const { length } = reply.blob
  for (let count = 0; count < 5; count++) t.ok(replies.send('/', reply))
  t.equal(bytesSent(core), 3 * length)
  t.ok(3 * length > limits.replyBytesMax)
  replies.taken(2, length)
  for (let count = 0; count < 2; count++) replies.send('/', reply)
  t.equal(bytesSent(core), length)
  replies.linkDown(2)
  replies.taken(2, length)
  replies.send('/', reply)
  t.equal(bytesSent(core), length)
})

t.test('a reply to a node without links is dropped, and no ordinary publish', async (t) => {
  const core = coreWith()
  t.ok(core.replies.send('/', publishOf(there, 1)))
  t.same(sent(core), [])
  t.notOk(core.replies.send('/', publishOf('q', 1)))
  t.notOk(core.replies.send('/', { ...publishOf(there, 1), exchange: 'x' }))
})

t.test('what comes is taken, and goes to its vhost', async (t) => {
  const asked: unknown[] = []
  const replyReceiver = (...address: readonly unknown[]): null => {
    asked.push(address)
    return null
  }
  const core = coreWith({ sessions: { replyReceiver } })
  linkTo(core, 2)
  sent(core)
  const { blob, routingKey } = publishOf(there, 10)
  const run = { consumer: 0, exchange: 'v', routingKey, firstOffset: 1, count: 1, attempt: 0, blob }
  core.replies.received(2, { ...run, deliveryCount: 0 })
  t.same(asked, [['v', readReplyAddress(there)]])
  const cast = { type: 'relay-taken', attachment: 0, bytes: blob.length }
  t.match(sent(core), [{ to: 2, message: { type: 'cast', cast } }])
})
