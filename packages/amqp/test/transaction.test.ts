// What a transaction gathers has bounds, in whatever form it comes.
import t from 'tap'
import { amqpLimits } from '../src/limits.ts'
import type { PublishBatch } from '../src/requests.ts'
import { Transaction } from '../src/transaction.ts'

const { transactionBytesMax, transactionItemsMax } = amqpLimits

function publish(keys: number, keyLength = 1, bytes = 4): PublishBatch {
  const copies = Array.from({ length: keys }, () => 'k'.repeat(keyLength))
  const way = { exchange: '', routingKey: 'q', copies, mandatory: false, count: 1 }
  return { ...way, blob: new Uint8Array(bytes) }
}

/** How often it is taken before the transaction is too large. */
function countOf(batch: PublishBatch): number {
  const transaction = new Transaction()
  for (let count = 0; ; count++) {
    try {
      transaction.publish(batch)
    } catch (error) {
      t.match(error, { reply: 'PRECONDITION_FAILED' })
      return count
    }
  }
}

t.test('every key of a publish counts, since each has to be routed', async (t) => {
  t.equal(countOf(publish(0)), transactionItemsMax)
  t.equal(countOf(publish(255)), transactionItemsMax / 256)
})

t.test('names count as bodies do', async (t) => {
  t.ok(countOf(publish(60, 255)) < transactionBytesMax / (60 * 255))
  t.equal(countOf(publish(0, 1, 6_000_000)), 2)
})

t.test('acks count among publishes, and take memory', async (t) => {
  const transaction = new Transaction()
  const deliveries = Array.from({ length: transactionItemsMax - 1 }, (_, at) => {
    return { tag: at + 1, consumer: 1, offset: at + 1, attempt: 0 }
  })
  transaction.settle(deliveries, 'accepted')
  t.ok(transaction.bytes > transactionItemsMax)
  transaction.publish(publish(0))
  t.throws(() => transaction.publish(publish(0)), { message: /commit more often/ })
})

t.test('what is taken leaves it empty', async (t) => {
  const transaction = new Transaction()
  transaction.publish(publish(0))
  const { request } = transaction.take()
  t.equal(request.publishes.length, 1)
  t.equal(transaction.bytes, 0)
  t.equal(transaction.take().request.publishes.length, 0)
})
