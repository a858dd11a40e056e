// When a client of AMQP is read: not while it has too much under way, nor while the disk is low; to
// its end, when it is sent away.
import t from 'tap'
import { diskLimits } from '../../src/disk.ts'
import { limits } from '../../src/limits.ts'
import { change, permit, putUser } from '../access/access-fixture.ts'
import { LoneMember } from '../lone-member.ts'

t.test('who has too much under way is not read until it has its confirms', async (t) => {
  const member = new LoneMember()
  const client = member.connectAmqp()
  client.declare('q')
  member.pass(500)
  client.send({ type: 'confirm.select', nowait: false })
  member.hold()
  const count = 6
  for (let i = 0; i < count; i++) client.publish('q', 'x'.repeat(1_000_000))
  t.same([...member.paused], [client.id])
  member.release()
  member.pass(1_000)
  t.same([...member.paused], [])
  t.match(client.heard().at(-1), new RegExp(`basic.ack ${count}`))
  t.ok(limits.publishCreditBytesMax > count * 1_000_000, 'its own bound came first')
})

t.test('who is sent away while it is not read is read again, for its answer', async (t) => {
  const member = new LoneMember()
  putUser(member, 'worker')
  permit(member, 'worker', ['', '.*', ''])
  const client = member.connectAmqp({ user: 'worker' })
  client.publish('q', 'a')
  const freeBytes = diskLimits.publishBytes - 1
  member.step([{ type: 'disk', freeBytes, totalBytes: 2 ** 40 }])
  member.pass(500)
  t.same([...member.paused], [client.id], 'it publishes, and the disk is nearly full')
  change(member, { type: 'delete-user', user: 'worker' })
  t.equal(client.wire.closed?.replyCode, 320)
  t.same([...member.paused], [])
})
