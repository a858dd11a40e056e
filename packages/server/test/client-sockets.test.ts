// Sockets of clients without sockets: what is sent, bounded, reported and closed.

import type { Input } from '@holdfast/cluster'
import t from 'tap'
import { type ClientSink, ClientSockets } from '../src/client-sockets.ts'
import { serverLimits } from '../src/limits.ts'
import { FakeLog } from './fakes.ts'

const KiB = 1024

const end = { remote: '127.0.0.1:1', certificateName: 'CN=ann' }

class FakeSink implements ClientSink {
  readonly remote = end.remote
  readonly certificateName = end.certificateName
  readonly written: Buffer[] = []
  buffered = 0
  state = 'open'
  isPaused = false
  #taken: (() => void)[] = []

  write(pieces: readonly Uint8Array[], taken: () => void): void {
    for (const piece of pieces) {
      this.written.push(Buffer.from(piece))
      this.buffered += piece.length
    }
    this.#taken.push(taken)
  }

  bufferedBytes(): number {
    return this.buffered
  }

  take(): void {
    this.buffered = 0
    for (const taken of this.#taken.splice(0)) taken()
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  end(): void {
    this.state = 'ended'
  }

  destroy(): void {
    this.state = 'destroyed'
  }
}

function setUp(change: { connectionsMax?: number; total?: number } = {}): {
  sockets: ClientSockets
  inputs: Input[]
  log: FakeLog
} {
  const inputs: Input[] = []
  const log = new FakeLog()
  const sockets = new ClientSockets({
    input: (input) => inputs.push(input),
    log: log.log,
    connectionsMax: change.connectionsMax ?? 10,
    bufferBytesMax: 1024 * KiB,
    totalBufferBytesMax: change.total ?? 1500 * KiB
  })
  return { sockets, inputs, log }
}

t.test('a connection comes, speaks and goes', async (t) => {
  const { sockets, inputs } = setUp()
  const handle = sockets.add(new FakeSink(), 'native')
  handle.received(Buffer.from('hi'))
  handle.gone()
  handle.gone()
  handle.received(Buffer.from('late'))
  t.same(inputs, [
    { type: 'client-up', connection: 1, protocol: 'native', ...end },
    { type: 'client-bytes', connection: 1, bytes: Buffer.from('hi') },
    { type: 'client-down', connection: 1 }
  ])
  sockets.send(1, [Buffer.from('x')])
  sockets.close(1)
  t.equal(sockets.count, 0)
})

t.test('what is sent in a turn leaves as few pieces, in order', async (t) => {
  const { sockets } = setUp()
  const sink = new FakeSink()
  sockets.add(sink, 'native')
  const large = Buffer.alloc(8 * KiB, 7)
  sockets.send(1, [Buffer.from('a'), Buffer.from('b')])
  sockets.send(1, [large, Buffer.from('c')])
  t.same(sink.written, [])
  sockets.flush()
  t.same(sink.written, [Buffer.from('ab'), large, Buffer.from('c')])
})

t.test('close writes what was sent before, and nothing after', async (t) => {
  const { sockets, inputs } = setUp()
  const sink = new FakeSink()
  const handle = sockets.add(sink, 'native')
  sockets.send(1, [Buffer.from('bye')])
  sockets.close(1)
  sockets.send(1, [Buffer.from('x')])
  handle.received(Buffer.from('late'))
  sockets.flush()
  t.same(sink.written, [Buffer.from('bye')])
  t.equal(sink.state, 'ended')
  t.equal(inputs.length, 1)
})

t.test('a drained socket is reported once enough has gone through it', async (t) => {
  const { sockets, inputs } = setUp()
  const sink = new FakeSink()
  sockets.add(sink, 'native')
  const send = (bytes: number): void => {
    sockets.send(1, [Buffer.alloc(bytes)])
    sockets.flush()
  }
  send(100 * KiB)
  sink.take()
  t.equal(inputs.length, 1, 'too little for a report')
  send(serverLimits.drainedReportBytes)
  sink.buffered = serverLimits.drainedBelowBytes + 1
  t.equal(inputs.length, 1)
  sink.take()
  t.same(inputs[1], { type: 'client-drained', connection: 1, bytes: 0 })
  sink.take()
  t.equal(inputs.length, 2)
})

t.test('a client that does not read is dropped at its bound', async (t) => {
  const { sockets, inputs, log } = setUp()
  const sink = new FakeSink()
  sockets.add(sink, 'native')
  for (let round = 0; round < 3; round++) {
    sockets.send(1, [Buffer.alloc(400 * KiB)])
    sockets.flush()
  }
  t.equal(sink.state, 'destroyed')
  t.same(inputs.at(-1), { type: 'client-down', connection: 1 })
  t.match(log.lines, [{ level: 'warn', fields: { code: 'SLOW_CLIENT', connection: 1 } }])
  t.equal(sockets.bufferedBytes, 0)
})

t.test('when all hold too much together, the slowest goes', async (t) => {
  const { sockets } = setUp()
  const sinks = [new FakeSink(), new FakeSink(), new FakeSink()]
  for (const sink of sinks) sockets.add(sink, 'native')
  sockets.send(1, [Buffer.alloc(500 * KiB)])
  sockets.send(2, [Buffer.alloc(700 * KiB)])
  sockets.send(3, [Buffer.alloc(400 * KiB)])
  sockets.flush()
  t.same(
    sinks.map(({ state }) => state),
    ['open', 'destroyed', 'open']
  )
  t.equal(sockets.bufferedBytes, 900 * KiB)
  for (const sink of sinks) sink.take()
  t.equal(sockets.bufferedBytes, 0)
})

t.test('there is a cap, and all can be ended', async (t) => {
  const { sockets, inputs } = setUp({ connectionsMax: 2 })
  const sinks = [new FakeSink(), new FakeSink()]
  for (const sink of sinks) sockets.add(sink, 'native')
  t.ok(sockets.isFull)
  sockets.endAll()
  t.same(
    sinks.map(({ state }) => state),
    ['ended', 'ended']
  )
  sockets.destroyAll()
  t.equal(sockets.count, 0)
  t.equal(inputs.filter(({ type }) => type === 'client-down').length, 2)
})

t.test('a client is not read for as long as its member says so, and to its end', async (t) => {
  const { sockets, inputs } = setUp()
  const sink = new FakeSink()
  sockets.add(sink, 'amqp')
  t.match(inputs[0], { type: 'client-up', protocol: 'amqp' })
  sockets.pause(1)
  t.ok(sink.isPaused)
  sockets.resume(1)
  t.notOk(sink.isPaused)
  sockets.pause(1)
  sockets.pause(2)
  sockets.close(1)
  t.notOk(sink.isPaused, 'or its end would not be seen')
})
