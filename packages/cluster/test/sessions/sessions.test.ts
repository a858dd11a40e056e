// Clients of a member, over the real connection machine and without a socket.
import { ClientConnection, type ClientEvent } from '@holdfast/protocol'
import t from 'tap'
import type { Core } from '../../src/core.ts'
import type { Input } from '../../src/input.ts'
import { limits } from '../../src/limits.ts'
import { Member } from '../../src/member.ts'
import type { Output } from '../../src/output.ts'
import { AmqpSession } from '../../src/sessions/amqp-session.ts'
import { NativeSession } from '../../src/sessions/native-session.ts'
import type { Session } from '../../src/sessions/session.ts'
import { LoneAmqpClient } from '../lone-amqp-client.ts'
import { coreWith } from '../part-core.ts'

const end = { remote: '127.0.0.1:4', certificateName: null }
const client = { connection: 7, protocol: 'native', ...end } as const

function blankMember(): Member {
  const addresses = { client: '127.0.0.1:1', peer: '127.0.0.1:2', http: '127.0.0.1:3' }
  return new Member(
    {
      processEpoch: 1,
      startedMs: 0,
      addresses,
      bootstrap: null,
      random: () => 0.5,
      checksum: () => 0
    },
    { storeId: '00', identity: null, peers: null, groups: [], lastRecord: 0 }
  )
}

t.test('a blank node sends its clients elsewhere', async (t) => {
  const member = blankMember()
  const hello = {
    producer: new Uint8Array(16),
    epoch: 1,
    name: 'test',
    vhost: '/',
    heartbeatMs: 1_000
  }
  const caller = new ClientConnection({ nowMs: 0, hello })
  const bytes = Buffer.concat(caller.flush(0))
  const outputs = member.step([
    { type: 'tick', nowMs: 0, wallMs: 0 },
    { type: 'client-up', ...client },
    { type: 'client-bytes', connection: 7, bytes }
  ])
  const events: ClientEvent[] = []
  for (const output of outputs) {
    if (output.type !== 'client-send') continue
    for (const chunk of output.chunks) events.push(...caller.receive(chunk, 0))
  }
  t.match(events, [{ type: 'closed', error: { code: 'UNAVAILABLE' } }])
  t.ok(outputs.some((output) => output.type === 'client-close' && output.connection === 7))
})

for (const isGoing of [false, true]) {
  t.test(`also one that speaks AMQP, by no fault of the server; goes: ${isGoing}`, async (t) => {
    const member = blankMember()
    const outputs: Output[] = []
    const step = (inputs: readonly Input[]): void => {
      const said = member.step([{ type: 'tick', nowMs: 0, wallMs: 0 }, ...inputs])
      outputs.push(...said)
      for (const output of said) {
        if (output.type === 'client-send') for (const chunk of output.chunks) caller.take(chunk)
      }
    }
    const caller = new LoneAmqpClient({ step }, 7, {})
    step([{ type: 'client-up', ...client, protocol: 'amqp' }])
    if (isGoing) caller.wire.close()
    caller.speak()
    const { replyText = '' } = caller.wire.closed ?? {}
    if (!isGoing) t.match(replyText, /in no cluster yet/)
    t.notOk(outputs.some((output) => output.type === 'log' && output.level === 'error'))
  })
}

t.test('a delivery that cannot be told ends the connection, and nothing else', async (t) => {
  const run = {
    ...{ exchange: '', routingKey: 'q', firstOffset: 1, count: 1, attempt: 0, deliveryCount: 0 },
    blob: new Uint8Array(),
    get consumer(): number {
      throw new Error('it cannot be told')
    }
  }
  for (const Session of [AmqpSession, NativeSession]) {
    const core = coreWith()
    const session = new Session(core, client)
    session.deliver(run)
    t.match(core.outputs, [{ type: 'log', message: 'serving a client failed' }])
    t.ok(session.isEnded)
  }
})

/** An AMQP client that is not read, since all of them have too much under way. */
function halted(): { core: Core; session: AmqpSession; touched: Session[] } {
  const core = coreWith()
  const touched: Session[] = []
  core.sessions.touch = (session) => touched.push(session)
  core.sessions.up({ ...client, protocol: 'amqp' })
  const [session] = touched
  if (!(session instanceof AmqpSession)) throw new Error('it speaks AMQP')
  Object.defineProperty(session, 'publishBytes', { value: 1 })
  core.sessions.amqpBytesChanged(limits.publishCreditBytesMax + 1)
  session.flush()
  touched.length = 0
  return { core, session, touched }
}

t.test('a halted client goes on, or is forgotten with its connection', async (t) => {
  const { core, session, touched } = halted()
  t.match(core.outputs.at(-1), { type: 'client-pause', connection: 7 })
  core.sessions.amqpBytesChanged(-1)
  t.same(touched, [session])
  touched.length = 0
  core.sessions.down(7)
  core.sessions.amqpBytesChanged(-1)
  t.same(touched, [])
})

t.test('who is not read is not missed', async (t) => {
  const { core, session } = halted()
  const told: unknown[] = []
  session.connection.tick = (_, isRead) => {
    told.push(isRead)
    return []
  }
  session.tick()
  core.sessions.amqpBytesChanged(-1)
  session.flush()
  session.tick()
  t.same(told, [false, true])
})
