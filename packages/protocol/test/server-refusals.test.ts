// What a client can make a server hold: a frame is bounded by the credit behind it, and a wish for
// credit, like a claim of deliveries, by what can be meant.
import { HoldfastError } from '@holdfast/errors'
import t from 'tap'
import { protocolLimits } from '../src/limits.ts'
import { parseRequest } from '../src/requests.ts'
import { beyondCredit, frameLimit } from '../src/server-refusals.ts'
import { frame, Pair } from './connection-pair.ts'

const { frameBytesMax, frameHeaderBytesMax, prefetchMax, requestBytesMax } = protocolLimits

/** The start of a frame that claims `length` bytes. */
function startOf(length: number): Uint8Array {
  const bytes = new Uint8Array(64)
  new DataView(bytes.buffer).setUint32(0, length)
  return bytes
}

t.test('a frame is as long as a request, or as the credit allows', async (t) => {
  t.equal(frameLimit(0), requestBytesMax + frameHeaderBytesMax)
  t.equal(frameLimit(8 * 2 ** 20), 8 * 2 ** 20 + frameHeaderBytesMax)
  t.equal(frameLimit(2 ** 40), frameBytesMax)
})

t.test(
  'a frame beyond the credit is refused by its length, one beyond all bounds as such',
  async (t) => {
    for (const [length, code] of [
      [frameLimit(0), null],
      [8 * 2 ** 20, 'CREDIT_EXCEEDED'],
      [frameBytesMax, 'CREDIT_EXCEEDED'],
      [frameBytesMax + 1, 'FRAME_TOO_LARGE']
    ] as const) {
      const { server } = new Pair().open()
      const [event] = server.receive(startOf(length), 0)
      t.equal(event?.type === 'closed' ? event.error?.code : null, code)
    }
    const other = new HoldfastError('FRAME_INVALID', { reason: 'x' })
    t.equal(beyondCredit(other, 0), other)
  }
)

t.test('a frame within lent credit is taken', async (t) => {
  const { server } = new Pair().open()
  server.grant(8 * 2 ** 20)
  t.same(server.receive(startOf(8 * 2 ** 20), 0), [])
  t.ok(server.isReceiving)
})

t.test('lent credit that nothing uses is seen', async (t) => {
  const pair = new Pair().open()
  const { credit } = pair.server
  t.equal(credit.isIdle, false)
  pair.server.grant(5)
  t.equal(credit.isIdle, true)
})

t.test('a wish for more credit than one message can need ends the connection', async (t) => {
  const pair = new Pair().open()
  pair.client.wantCredit(frameBytesMax + 1)
  pair.exchange()
  t.match(pair.serverEvents.at(-1), { type: 'closed', error: { code: 'FRAME_INVALID' } })
})

t.test('a flood of requests that make no sense ends the connection', async (t) => {
  const { server } = new Pair({ limits: { requestsMax: 10 } }).open()
  const odd = (id: number): Uint8Array => frame(2, id, 'odd', {})
  for (let id = 1; id <= 10; id++) t.same(server.receive(odd(id), 0), [])
  server.flush()
  for (let id = 1; id <= 10; id++) t.same(server.receive(odd(id), 0), [], 'a turn later')
  t.match(server.receive(odd(11), 0), [{ type: 'closed', error: { code: 'TOO_MANY_REQUESTS' } }])
})

t.test('nobody claims more deliveries than a consumer can hold', async (t) => {
  const consume = (resume: readonly number[]): unknown =>
    parseRequest('consume', { queue: 'q', tag: 't', prefetch: 1, resume })
  t.ok(consume([1, prefetchMax, 0]))
  t.throws(() => consume([1, prefetchMax + 1, 0]), { code: 'REQUEST_INVALID' })
  t.throws(() => consume([1, prefetchMax, 0, 1, 1, 0]), { code: 'REQUEST_INVALID' })
  t.throws(() => consume([1, 2 ** 53 - 1, 0]), { code: 'REQUEST_INVALID' })
})
