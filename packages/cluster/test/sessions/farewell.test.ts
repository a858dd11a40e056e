// A client of AMQP that has closed its connection is told so when all that it held is where others
// find it, or when that takes too long. Exclusive queues are in exclusive-queues.test.ts.
import t from 'tap'
import type { LoneAmqpClient } from '../lone-amqp-client.ts'
import { LoneMember } from '../lone-member.ts'

const goodbye = { replyCode: 200, replyText: '', classId: 0, methodId: 0 }

function setUp(): { member: LoneMember; client: LoneAmqpClient } {
  const member = new LoneMember()
  const client = member.connectAmqp()
  client.declare('q')
  client.publish('q', 'a')
  member.pass(500)
  return { member, client }
}

/** What a get says, by a client of its own. */
function look(member: LoneMember): string {
  const other = member.connectAmqp()
  other.get('q')
  member.pass(300)
  return other.heard().at(-1) ?? ''
}

/** What the client has, and how it lets go of it when nothing gets into the log any more. */
const ways: Readonly<Record<string, (client: LoneAmqpClient, member: LoneMember) => void>> = {
  'what it consumed': (client) => client.consume('q', 1),
  'what it got': (client) => client.get('q'),
  'what a consumer holds that was cancelled': (client, member) => {
    client.consume('q', 1)
    member.pass(300)
    client.send({ type: 'basic.cancel', consumerTag: 'c', nowait: false })
  }
}

const endings: Readonly<Record<string, (client: LoneAmqpClient) => void>> = {
  'its end gives back': () => undefined,
  'a channel holds that is closed just before': (client) =>
    client.send({ type: 'channel.close', ...goodbye }),
  'it gives back just before': (client) =>
    client.send({ type: 'basic.nack', deliveryTag: 1, multiple: false, requeue: true })
}

for (const [what, take] of Object.entries(ways)) {
  for (const [how, letGo] of Object.entries(endings)) {
    t.test(`${what} and ${how} is there for others after the close`, async (t) => {
      const { member, client } = setUp()
      take(client, member)
      member.pass(300)
      client.heard()
      member.hold()
      letGo(client)
      client.wire.close()
      client.speak()
      member.pass(1000)
      t.same(client.heard(), [], 'nobody else would find it yet')
      member.release()
      member.pass(100)
      t.equal(client.heard().at(-1), 'connection.close-ok')
      t.equal(look(member), 'basic.get-ok 1 again a')
    })
  }
}

t.test('a client that has closed does not wait for ever', async (t) => {
  const { member, client } = setUp()
  client.consume('q', 1)
  member.pass(300)
  client.heard()
  member.hold()
  client.wire.close()
  client.speak()
  member.pass(4900)
  t.same(client.heard(), [])
  member.pass(200)
  t.same(client.heard(), ['connection.close-ok'])
  member.release()
  member.pass(1000)
  const other = member.connectAmqp()
  other.declare('q', { passive: true })
  member.pass(300)
  t.equal(other.heard().at(-1), 'queue.declare-ok 1 0')
})
