// Clients of the native protocol at a member that is alone.
import { encodeRecord } from '@holdfast/record'
import t from 'tap'
import { LoneMember } from '../lone-member.ts'

t.test('a message says that it is from its publisher, or from nobody', async (t) => {
  const member = new LoneMember()
  const client = member.connect(1)
  client.ask({ type: 'declare-queue', name: 'q', options: {} })
  member.pass(500)
  const texts = [undefined, 'guest', 'mallory']
  texts.forEach((userId, index) => {
    const properties = userId === undefined ? null : { userId }
    const blob = encodeRecord(properties, Buffer.from('a'))
    const way = { exchange: '', routingKey: 'q', mandatory: false, count: 1 }
    const firstSequence = index + 1
    const order = { firstSequence, lowestUnconfirmed: 1, first: index === 0 }
    client.connection.publish({ ...way, ...order, blob })
  })
  client.speak()
  member.pass(300)
  t.match(
    client.events.filter(({ type }) => type === 'publish-failed'),
    [{ first: 3, last: 3, error: { code: 'OPTION_INVALID' } }]
  )
  t.ok(client.events.some((event) => event.type === 'confirm' && event.ranges.includes(2)))
})
