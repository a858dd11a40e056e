// What consumers ask of a leader while it tells them, one after another, that it leads no more:
// their next leader answers that.
import t from 'tap'
import type { Consumer } from '../../src/delivering/consumer.ts'
import type { Recipient } from '../../src/delivering/recipient.ts'
import { LedQueue } from './led-queue.ts'

/** The group of the led queue, and that queue. */
const place = [1, 7] as const

/** A consumer that is given one message; `cancelled` is called when it is ended. */
function consumerOf(number: number, said: string[], cancelled = () => {}): Consumer {
  const recipient: Recipient = {
    isRelayed: true,
    isCongested: false,
    deliver: ({ firstOffset }) => said.push(`${number} gets ${firstOffset}`),
    settleAnswered: (_, isDone) => said.push(`${number} settled ${isDone}`),
    cancelled: (_, { code }) => {
      said.push(`${number} ${code}`)
      cancelled()
    },
    replaced: () => undefined
  }
  const key = { session: `${number}`.repeat(16), tag: '' }
  const ways = { prefetch: 1, autoAck: false, priority: 0 }
  return { key, recipient, number, ...ways, unsettled: 0, mistaken: 0 }
}

t.test('a leader that leads no more takes nothing for settled', async (t) => {
  const led = new LedQueue()
  const { deliveries } = led.core
  led.publish(2)
  const said: string[] = []
  const second = consumerOf(2, said)
  // As a client of both that ends with the first.
  const first = consumerOf(1, said, () => {
    const event = { settleSequence: 1, outcome: 'accepted', ranges: [2, 2, 0] } as const
    deliveries.settle(...place, second, event)
  })
  deliveries.attach(...place, first, null)
  deliveries.attach(...place, second, null)
  led.look()
  t.same(said.splice(0), ['1 gets 1', '2 gets 2'])

  deliveries.leadershipChanged(place[0], false)
  t.same(said, ['1 NOT_LEADER', '2 NOT_LEADER'])
  t.same(led.counts(2), [0, 0], 'it is in the queue, to be settled with the next leader')
})

t.test('a leader that leads no more says of no queue that it is empty', async (t) => {
  const led = new LedQueue()
  const { deliveries } = led.core
  const said: string[] = []
  const second = consumerOf(2, said)
  const first = consumerOf(1, said, () => {
    deliveries.get(...place, { consumer: second, answered: (is) => said.push(`found ${is}`) })
  })
  deliveries.attach(...place, first, null)
  deliveries.attach(...place, second, null, true)
  deliveries.leadershipChanged(place[0], false)
  t.same(said, ['1 NOT_LEADER', '2 NOT_LEADER'])
})

t.test('a leader that leads no more says of no consumer that the log has its end', async (t) => {
  const led = new LedQueue()
  const { deliveries } = led.core
  const said: string[] = []
  const [second, third] = [consumerOf(2, said), consumerOf(3, said)]
  const first = consumerOf(1, said, () => {
    deliveries.detach(...place, second, () => said.push('2 has ended'))
    deliveries.stop(...place, third, () => said.push('3 has stopped'))
  })
  for (const consumer of [first, second, third]) deliveries.attach(...place, consumer, null)
  deliveries.leadershipChanged(place[0], false)
  t.same(said, ['1 NOT_LEADER', '2 NOT_LEADER', '3 NOT_LEADER'])
})
