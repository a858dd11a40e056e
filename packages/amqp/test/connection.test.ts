// A whole connection: the same however its bytes are cut, coded errors whatever is flipped in them,
// and bounds on what it holds.
import { wireError } from '@holdfast/errors'
import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import type { AmqpConnection } from '../src/connection.ts'
import type { AmqpEvent } from '../src/events.ts'
import { FrameReader, frameType } from '../src/frame-codec.ts'
import { amqpLimits } from '../src/limits.ts'
import { decodeMethod } from '../src/method-codec.ts'
import { flipsOf, join } from './generator.ts'
import { plainConnection } from './plain-connection.ts'
import { bytesOfLine } from './script-text.ts'

const seed = chooseSeed()
t.comment(`SEED=${seed}`)

const tuneAndOpen = [
  '0 connection.tune-ok channelMax=10 frameMax=131072 heartbeat=0',
  '0 connection.open vhost=/',
  '1 channel.open'
]

const session = [
  'raw 414d515000000901',
  '0 connection.start-ok mechanism=PLAIN response=\\0guest\\0x',
  ...tuneAndOpen,
  '1 confirm.select',
  '1 queue.declare queue=q arguments={"x-max-length":5}',
  '1 publish routingKey=q body=one properties={"headers":{"a":[1,{"b":2}]},"expiration":"5"}',
  '1 publish routingKey=q body=two',
  '1 basic.consume consumerTag=c',
  '1 basic.ack multiple',
  '2 channel.open',
  '2 basic.get queue=q',
  '1 channel.close'
]
const stream = join(session.map(bytesOfLine))

const results: Readonly<Record<string, unknown>> = {
  authenticate: { user: 'guest' },
  'declare-queue': { name: 'q', ready: 0, consumers: 0 },
  'inspect-queue': { name: 'q', ready: 0, consumers: 0 },
  'purge-queue': { messages: 0 },
  consume: { consumer: 1 },
  get: { consumer: 2, run: null, ready: 0 }
}

/** Answers all that is asked, at once. */
function serve(connection: AmqpConnection, events: readonly AmqpEvent[]): void {
  for (let batch = events; batch.length > 0; batch = connection.takeEvents()) {
    for (const event of batch) {
      if (event.type === 'request') {
        connection.respond(event.requestId, results[event.request.type] ?? null)
      } else if (event.type === 'publish') {
        connection.confirm(event.firstSequence, event.firstSequence + event.count - 1)
      }
    }
  }
}

function run(chunks: readonly Uint8Array[]): { connection: AmqpConnection; sent: Uint8Array } {
  const connection = plainConnection()
  const sent: Uint8Array[] = []
  for (const chunk of chunks) {
    serve(connection, connection.receive(chunk, 0))
    sent.push(...connection.flush(0))
  }
  return { connection, sent: join(sent) }
}

/** The frames of one channel as those of another. */
function onChannel(frames: Uint8Array, channel: number): Uint8Array {
  const moved = new Uint8Array(frames)
  for (let at = 0; at < moved.length; ) {
    moved[at + 2] = channel
    at += 8 + new DataView(moved.buffer, at + 3).getUint32(0)
  }
  return moved
}

/** Names of the methods that were sent, by channel: only there order is promised. */
function methodsIn(bytes: Uint8Array): ReadonlyMap<number, string[]> {
  const reader = new FrameReader(2 ** 20)
  reader.feed(bytes)
  const names = new Map<number, string[]>()
  while (reader.next()) {
    if (reader.type !== frameType.method) continue
    const { type } = decodeMethod(reader.payload)
    // Confirms are gathered by turn, so that their number depends on the cut.
    if (type === 'basic.ack') continue
    names.set(reader.channel, [...(names.get(reader.channel) ?? []), type])
  }
  return names
}

t.test('a session is the same however its bytes are cut', async (t) => {
  const whole = methodsIn(run([stream]).sent)
  t.same(whole.get(1), [
    'channel.open-ok',
    'confirm.select-ok',
    'queue.declare-ok',
    'basic.consume-ok',
    'channel.close-ok'
  ])
  for (let at = 1; at < stream.length; at++) {
    const { sent } = run([stream.subarray(0, at), stream.subarray(at)])
    t.same(methodsIn(sent), whole, `cut at ${at}`)
  }
  const bytes = Array.from(stream, (_, at) => stream.subarray(at, at + 1))
  t.same(methodsIn(run(bytes).sent), whole, 'byte by byte')
})

t.test('whatever bit is flipped, frames or a coded close come out', async (t) => {
  for (const flipped of flipsOf(stream)) {
    const { connection, sent } = run([flipped])
    const start = sent[0] === 0x41 ? 8 : 0
    const names = methodsIn(sent.subarray(start)).get(0) ?? []
    const isEnded = connection.isClosed || names.at(-1) === 'connection.close'
    if (!isEnded && !connection.isOpen) t.ok(names.length <= 2, 'the rest is awaited')
  }
})

t.test('publishes without an outcome stop the reading, until some have one', async (t) => {
  const connection = plainConnection()
  serve(connection, connection.receive(join(session.slice(0, 6).map(bytesOfLine)), 0))
  t.ok(connection.isOpen)
  const body = 'x'.repeat(amqpLimits.unconfirmedBytesMax / 4)
  const random = new Random(seed)
  for (let count = 1; count <= 4; count++) {
    t.notOk(connection.isPaused)
    connection.receive(bytesOfLine(`1 publish routingKey=k${random.below(9)} body=${body}`), 0)
  }
  t.ok(connection.isPaused)
  connection.confirm(1, 1)
  t.notOk(connection.isPaused)
})

t.test('who is closed is read, for the answer', async (t) => {
  const publishing = (): AmqpConnection => {
    const connection = plainConnection()
    serve(connection, connection.receive(join(session.slice(0, 5).map(bytesOfLine)), 0))
    return connection
  }
  const full = publishing()
  const body = 'x'.repeat(amqpLimits.unconfirmedBytesMax)
  full.receive(bytesOfLine(`1 publish routingKey=q body=${body}`), 0)
  const blocked = publishing()
  blocked.receive(bytesOfLine('1 publish routingKey=q body=one'), 0)
  blocked.setBlocked('low on disk')
  for (const connection of [full, blocked]) {
    t.ok(connection.isPaused)
    connection.close(wireError('NODE_CUT_OFF', {}))
    t.notOk(connection.isPaused)
    t.equal(connection.publishBytes, 0)
    connection.receive(bytesOfLine('1 publish routingKey=q body=more'), 0)
    t.notOk(connection.isPaused)
    connection.receive(bytesOfLine('0 connection.close-ok'), 0)
    t.ok(connection.isClosed)
  }
})

t.test('acks that wait for a publish to be on its way have a bound', async (t) => {
  const connection = plainConnection()
  serve(connection, connection.receive(join(session.slice(0, 5).map(bytesOfLine)), 0))
  t.match(connection.receive(bytesOfLine('1 publish routingKey=q body=one'), 0), [{}])
  const acks = join(Array.from({ length: 64 }, () => bytesOfLine('1 basic.ack multiple')))
  let count = 0
  for (; !connection.isPaused && count <= amqpLimits.waitingMethodsMax; count += 64) {
    t.same(connection.receive(acks, 0), [])
  }
  t.ok(connection.isPaused)
  // The socket may have brought 2 MiB by then.
  for (let bytes = 0; bytes < 2 ** 21; bytes += acks.length) connection.receive(acks, 0)
  connection.publishes.routed(1)
  t.ok(connection.isOpen)
  t.notOk(connection.isPaused)
})

t.test('a limit of a channel that changes all the time is told once', async (t) => {
  const connection = plainConnection()
  serve(connection, connection.receive(join(session.slice(0, 5).map(bytesOfLine)), 0))
  for (let consumer = 1; consumer <= 100; consumer++) {
    const [asked] = connection.receive(bytesOfLine('1 basic.consume queue=q'), 0)
    if (asked?.type === 'request') connection.respond(asked.requestId, { consumer })
  }
  const limits = Array.from(
    { length: 1_001 },
    (_, i) => `1 basic.qos prefetchCount=${i % 3} global`
  )
  const told = connection.receive(join(limits.map(bytesOfLine)), 0)
  t.equal(told.length, 100)
  for (const event of told) t.match(event, { request: { type: 'set-prefetch', prefetch: 1 } })
  const unchanged = ['1 basic.qos prefetchCount=9 global', '1 basic.qos prefetchCount=1 global']
  t.same(connection.receive(join(unchanged.map(bytesOfLine)), 0), [])
})

t.test('a channel that failed keeps nothing of its transaction', async (t) => {
  const begin = (): AmqpConnection => {
    const connection = plainConnection()
    const lines = [...session.slice(0, 5), '1 tx.select', '1 publish routingKey=q body=one']
    serve(connection, connection.receive(join(lines.map(bytesOfLine)), 0))
    t.ok(connection.gathered.transactionBytes > 3)
    return connection
  }
  const failing = begin()
  failing.receive(bytesOfLine('1 basic.ack deliveryTag=9'), 0)
  t.equal(failing.gathered.transactionBytes, 0)
  const refused = begin()
  const [commit] = refused.receive(bytesOfLine('1 tx.commit'), 0)
  if (commit?.type !== 'request') throw new Error('a commit is asked for')
  refused.receive(bytesOfLine('1 publish routingKey=q body=two'), 0)
  refused.refuse(commit.requestId, wireError('DELIVERY_STALE', {}))
  t.equal(refused.gathered.transactionBytes, 0)
  t.ok(refused.isOpen, 'it was the channel alone')
})

t.test('what is gathered of unfinished publishes is counted, on all channels', async (t) => {
  const connection = plainConnection()
  const lines = [...session.slice(0, 5), '2 channel.open', '3 channel.open']
  serve(connection, connection.receive(join(lines.map(bytesOfLine)), 0))
  const half = `body ${'x'.repeat(100_000)}`
  for (const channel of [1, 2, 3]) {
    const frames = ['basic.publish routingKey=q', 'header size=250000', half, half]
    const bytes = frames.map((frame) => bytesOfLine(`${channel} ${frame}`))
    connection.receive(join(bytes), 0)
  }
  t.ok(connection.gathered.contentBytes >= 3 * 200_000, 'of three bodies, all but the last frame')
  t.ok(connection.gathered.contentBytes <= 3 * 250_100)
  connection.receive(bytesOfLine(`1 body ${'x'.repeat(50_000)}`), 0)
  t.ok(connection.gathered.contentBytes <= 2 * 250_100)
  connection.close(wireError('NODE_CUT_OFF', {}))
  t.equal(connection.gathered.contentBytes, 0)
})

t.test('silence counts only while the client is read', async (t) => {
  const connection = plainConnection()
  const lines = session.slice(0, 5).map((line) => line.replace('heartbeat=0', 'heartbeat=1'))
  serve(connection, connection.receive(join(lines.map(bytesOfLine)), 0))
  for (let nowMs = 0; nowMs < 10_000; nowMs += 250) connection.tick(nowMs, false)
  t.ok(connection.isOpen)
  for (let nowMs = 10_000; nowMs < 13_000; nowMs += 250) connection.tick(nowMs)
  t.ok(connection.isClosed)
})

t.test('what waits on all channels together stops the reading', async (t) => {
  const connection = plainConnection()
  serve(connection, connection.receive(join(session.slice(0, 5).map(bytesOfLine)), 0))
  const asked: AmqpEvent[] = []
  const properties = `{"headers":{"a":"${'x'.repeat(60_000)}"}}`
  const waiting = bytesOfLine(`1 publish routingKey=q body= properties=${properties}`)
  for (let channel = 2; !connection.isPaused && channel < 8; channel++) {
    connection.receive(bytesOfLine(`${channel} channel.open`), 0)
    asked.push(...connection.receive(bytesOfLine(`${channel} queue.declare queue=q`), 0))
    // As many as take, with their headers, a quarter of what may wait.
    for (let count = 0; count < amqpLimits.waitingBytesMax / 240_000; count++) {
      connection.receive(onChannel(waiting, channel), 0)
    }
  }
  t.equal(asked.length, 4)
  t.ok(connection.isPaused)
  serve(connection, asked)
  t.notOk(connection.isPaused)
})

t.test('what is sent ahead of an answer has a bound', async (t) => {
  const connection = plainConnection()
  connection.receive(join(session.slice(0, 2).map(bytesOfLine)), 0)
  t.ok(connection.isPaused)
  const ahead = new Uint8Array(amqpLimits.handshakeBytesMax)
  t.same(connection.receive(ahead, 0), [])
  const events = connection.receive(Uint8Array.of(0), 0)
  t.match(events, [{ type: 'closed', error: { reply: 'RESOURCE_ERROR' } }])
})

t.test('answers and deliveries after the end are nobody’s', async (t) => {
  const connection = plainConnection()
  serve(connection, connection.receive(join(session.slice(0, 5).map(bytesOfLine)), 0))
  const [asked] = connection.receive(bytesOfLine('1 basic.consume queue=q'), 0)
  connection.close(wireError('NODE_CUT_OFF', {}))
  connection.flush(0)
  connection.takeEvents()
  if (asked?.type === 'request') connection.respond(asked.requestId, { consumer: 1 })
  connection.confirm(1, 5)
  connection.cancelled(1)
  connection.setBlocked('low on disk')
  connection.close(wireError('NODE_CUT_OFF', {}))
  t.same(connection.takeEvents(), [])
  t.same(connection.flush(0), [])
})
