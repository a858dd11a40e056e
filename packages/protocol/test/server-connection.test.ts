// Both ends of a connection against each other: handshake, heartbeats, credit, bounds, and a long
// random conversation in random pieces, compared with a naive account of it.
import { HoldfastError } from '@holdfast/errors'
import { ClientConnection, ServerConnection } from '@holdfast/protocol'
import { encodeRecord } from '@holdfast/record'
import t from 'tap'
import { frame, hello, Pair, record } from './connection-pair.ts'
import { between, join, makeRandom, pieces } from './generator.ts'

t.test('hello, welcome, request, answer, good-bye', async (t) => {
  const pair = new Pair().open()
  t.match(pair.serverEvents, [{ type: 'hello', version: 1, vhost: '/', name: 'test' }])
  t.match(pair.clientEvents, [{ type: 'welcome', node: 1, heartbeatMs: 1_000, credit: 262_144 }])
  const id = pair.client.request({ type: 'locate-queue', name: 'q' })
  pair.exchange()
  t.match(pair.serverEvents[1], { requestId: id, request: { type: 'locate-queue', name: 'q' } })
  pair.server.respond(id, { group: 1, leader: 2 })
  pair.server.respond(id, 'a second answer is not sent')
  pair.exchange()
  t.match(pair.clientEvents[1], { type: 'response', requestId: id, error: null })
  t.equal(pair.clientEvents.length, 2)
  pair.client.close()
  pair.exchange()
  t.equal(pair.closedCode, 'asked for')
  t.match(pair.clientEvents.length, 2)
  t.strictSame(pair.server.receive(frame(6), 0), [], 'nothing is taken after the end')
})

t.test('an invalid request is refused, and the connection goes on', async (t) => {
  const pair = new Pair().open()
  const bad = pair.client.request({ type: 'purge-queue', name: '' })
  const good = pair.client.request({ type: 'nodes' })
  pair.exchange()
  t.match(pair.clientEvents[1], { requestId: bad, error: { code: 'NAME_INVALID' } })
  t.match(pair.serverEvents[1], { requestId: good })
  t.equal(pair.closedCode, 'open')
})

t.test('what breaks the rules ends the connection with its code', async (t) => {
  const greeting = frame(1, 1, hello)
  const publish = (sequence: number, lowest: number) =>
    frame(3, '', 'q', 0, sequence, lowest, 1, record)
  const cases: [what: string, code: string, ...bytes: Uint8Array[]][] = [
    ['no hello', 'HANDSHAKE_REQUIRED', frame(6)],
    ['a hello that is too large', 'FRAME_TOO_LARGE', new Uint8Array([0, 0, 16, 1])],
    ['HTTP', 'FRAME_TOO_LARGE', new Uint8Array(Buffer.from('GET / HTTP/1.1\r\n'))],
    ['another version', 'VERSION_UNSUPPORTED', frame(1, 9, hello)],
    ['a second hello', 'FRAME_INVALID', greeting, greeting],
    ['an unknown operation', 'OPERATION_UNKNOWN', greeting, frame(12)],
    ['an operation of the server', 'OPERATION_UNKNOWN', greeting, frame(40)],
    ['a frame that is too large', 'FRAME_TOO_LARGE', greeting, new Uint8Array([1, 3, 0, 0])],
    ['a sequence twice', 'FRAME_INVALID', greeting, publish(1, 1), publish(1, 1)],
    ['a sequence of 0', 'FRAME_INVALID', greeting, publish(0, 0)],
    ['lowest above first', 'FRAME_INVALID', greeting, publish(1, 2)],
    [
      'a request id twice',
      'FRAME_INVALID',
      greeting,
      frame(2, 1, 'nodes', {}),
      frame(2, 1, 'nodes', {})
    ],
    ['settle sequences that do not grow', 'FRAME_INVALID', greeting, frame(4, 0, 1, 0, [])],
    ['no record', 'FRAME_INVALID', greeting, frame(3, '', 'q', 0, 1, 1, 1, new Uint8Array(0))],
    ['too few records', 'FRAME_INVALID', greeting, frame(3, '', 'q', 0, 1, 1, 2, record)],
    ['random bytes', 'FRAME_INVALID', greeting, new Uint8Array([0, 0, 0, 3, 0xc1, 0xff, 0x93])]
  ]
  for (const [what, code, ...bytes] of cases) {
    const pair = new Pair()
    pair.serverEvents.push(...pair.server.receive(join(bytes), 0))
    t.equal(pair.closedCode, code, what)
    const [sent] = pair.server.flush()
    t.ok((sent?.length ?? 0) > 0, 'it says why')
    t.ok(pair.server.isClosed)
  }
})

t.test('too many unanswered requests end the connection', async (t) => {
  const pair = new Pair({ limits: { requestsMax: 2 } }).open()
  for (let i = 0; i < 3; i++) pair.client.request({ type: 'nodes' })
  pair.exchange()
  t.equal(pair.closedCode, 'TOO_MANY_REQUESTS')
})

t.test('a message that is too large or odd fails alone', async (t) => {
  const pair = new Pair({ limits: { publishCreditBytes: 40_000_000 } }).open()
  const large = new Uint8Array(7 + 16 * 1024 * 1024 + 1)
  large.set([0x92, 0xc0, 0xc6])
  new DataView(large.buffer).setUint32(3, 16 * 1024 * 1024 + 1)
  pair.publish(1, 1, large)
  const odd = new Uint8Array([0x92, 0x81, 0xa3, 0x61, 0x62, 0x63, 1, 0xc4, 0])
  pair.publish(2, 1, odd)
  pair.publish(3, 1)
  pair.exchange()
  t.match(pair.clientEvents.slice(1, 3), [
    { type: 'publish-failed', first: 1, last: 1, error: { code: 'MESSAGE_TOO_LARGE' } },
    { type: 'publish-failed', first: 2, last: 2, error: { code: 'OPTION_UNKNOWN' } }
  ])
  t.match(pair.clientEvents[3], { type: 'confirm', ranges: [], credit: large.length + odd.length })
  t.match(pair.serverEvents.at(-1), { type: 'publish', firstSequence: 3 })
})

t.test('credit is spent, comes back by batches, and more ends the connection', async (t) => {
  const bytes = record.length
  const pair = new Pair({ limits: { publishCreditBytes: 10 * bytes } }).open()
  pair.publish(1, 4)
  pair.publish(5, 6)
  pair.exchange()
  pair.server.confirm(5, 9)
  pair.server.confirm(1, 4)
  pair.exchange()
  t.match(pair.clientEvents[1], { type: 'confirm', ranges: [1, 9], credit: 4 * bytes })
  t.equal(pair.server.credit.inFlightBytes, 6 * bytes)
  pair.client.wantCredit(20 * bytes)
  pair.exchange()
  t.match(pair.serverEvents.at(-1), { type: 'want-credit', bytes: 20 * bytes })
  pair.server.grant(20 * bytes)
  pair.exchange()
  t.match(pair.clientEvents[2], { type: 'confirm', ranges: [], credit: 20 * bytes })
  t.equal(pair.server.credit.borrowedBytes, 20 * bytes)
  pair.publish(11, 24)
  pair.exchange()
  pair.server.confirm(11, 34)
  pair.server.confirm(10, 10)
  pair.exchange()
  t.equal(pair.server.credit.borrowedBytes, 0, 'what was lent is back when nothing is in flight')
  t.match(pair.clientEvents[3], { credit: 10 * bytes })
  pair.publish(35, 11)
  pair.exchange()
  t.equal(pair.closedCode, 'CREDIT_EXCEEDED')
})

t.test('handshake and heartbeat have their time', async (t) => {
  const silent = new ServerConnection({ nowMs: 0 })
  t.strictSame(silent.tick(4_999), [])
  t.match(silent.tick(5_000), [{ type: 'closed', error: { code: 'HANDSHAKE_TIMEOUT' } }])
  const pair = new Pair().open()
  for (let nowMs = 250; nowMs <= 20_000; nowMs += 250) {
    t.strictSame(pair.server.tick(nowMs), [])
    t.strictSame(pair.client.tick(nowMs), [])
    pair.exchange(nowMs)
  }
  let closedMs = 0
  for (let nowMs = 20_250; closedMs === 0; nowMs += 250) {
    if (pair.server.tick(nowMs).some(({ type }) => type === 'closed')) closedMs = nowMs
  }
  t.equal(closedMs, 22_000, 'two intervals of silence')
  const unwelcomed = new ClientConnection({ nowMs: 0, hello, handshakeTimeoutMs: 100 })
  t.match(unwelcomed.tick(100), [{ type: 'closed', error: { code: 'HANDSHAKE_TIMEOUT' } }])
})

t.test('a pause of this process is not held against the other side', async (t) => {
  const pair = new Pair().open()
  t.strictSame(pair.server.tick(60_000), [])
  t.strictSame(pair.client.tick(60_000), [])
})

t.test('a long conversation in pieces arrives whole and in order', async (t) => {
  const seed = 4_711
  const random = makeRandom(seed)
  const credit = { publishCreditBytes: 50_000_000 }
  const pair = new Pair({ limits: credit }, (bytes) => pieces(random, bytes, 3_000)).open()
  let sequence = 1
  let offset = 1
  const sent: number[] = []
  const settled = new Set<number>()
  const delivered: number[] = []
  const unconfirmed: number[] = []
  for (let round = 0; round < 300; round++) {
    for (let i = between(random, 0, 4); i > 0; i--) {
      const count = between(random, 1, 20)
      pair.publish(sequence, count, encodeRecord(null, new Uint8Array(between(random, 0, 900))))
      for (let n = 0; n < count; n++) sent.push(sequence++)
    }
    if (random() < 0.5) {
      const count = between(random, 1, 9)
      const blob = join(Array.from({ length: count }, () => record))
      const run = { consumer: 1, exchange: '', routingKey: 'q', attempt: 0, deliveryCount: 0 }
      pair.server.deliver({ ...run, firstOffset: offset, count, blob })
      for (let n = 0; n < count; n++) delivered.push(offset++)
      pair.client.settle({
        consumer: 1,
        outcome: 'accepted',
        ranges: [offset - count, offset - 1, 0]
      })
    }
    pair.exchange()
    for (const event of pair.serverEvents.splice(0)) {
      if (event.type === 'publish') {
        for (let n = 0; n < event.count; n++) unconfirmed.push(event.firstSequence + n)
      } else if (event.type === 'settle') pair.server.settled(event.settleSequence)
      else if (event.type === 'closed') t.fail(`closed: ${event.error?.message}`)
    }
    for (let i = between(random, 0, 60); i > 0 && unconfirmed.length > 0; i--) {
      const at = between(random, 0, unconfirmed.length - 1)
      const [one = 0] = unconfirmed.splice(at, 1)
      pair.server.confirm(one, one)
    }
  }
  for (const one of unconfirmed.splice(0)) pair.server.confirm(one, one)
  pair.exchange()
  const confirmed: number[] = []
  const seen: number[] = []
  for (const event of pair.clientEvents) {
    if (event.type === 'deliver') {
      for (let n = 0; n < event.run.count; n++) seen.push(event.run.firstOffset + n)
    }
    if (event.type !== 'confirm' && event.type !== 'settled') continue
    for (let i = 0; i < event.ranges.length; i += 2) {
      for (let n = event.ranges[i] ?? 0; n <= (event.ranges[i + 1] ?? 0); n++) {
        if (event.type === 'confirm') confirmed.push(n)
        else settled.add(n)
      }
    }
  }
  t.strictSame(
    confirmed.sort((a, b) => a - b),
    sent,
    `each confirmed once, seed ${seed}`
  )
  t.strictSame(seen, delivered, `deliveries in order, seed ${seed}`)
  t.equal(pair.server.credit.inFlightBytes, 0)
  t.equal(settled.size, Math.max(0, ...settled), 'each settlement answered')
})

t.test('random bytes after the handshake only ever end the connection', async (t) => {
  const seed = 99
  const random = makeRandom(seed)
  for (let round = 0; round < 2_000; round++) {
    const pair = new Pair().open()
    const payload = Uint8Array.from({ length: between(random, 1, 40) }, () =>
      between(random, 0, 255)
    )
    if (random() < 0.7) payload[0] = 0x90 + between(random, 1, 9)
    if (random() < 0.7) payload[1] = between(random, 0, 45)
    const whole = new Uint8Array(4 + payload.length)
    new DataView(whole.buffer).setUint32(0, payload.length)
    whole.set(payload, 4)
    for (const end of [pair.server, pair.client]) {
      try {
        end.receive(whole, 0)
        end.flush()
      } catch (error) {
        t.fail(`seed ${seed} round ${round}: ${HoldfastError.from(error).message}`)
      }
    }
  }
})
