// What a frame of channel 0 may be, and what of it counts after the end.
import t from 'tap'
import { controlMethod, farewellIn, isOfChannel } from '../src/control-frame.ts'
import { frameType } from '../src/frame-codec.ts'
import { encodeMethod, type Method } from '../src/method-codec.ts'
import { written } from './generator.ts'

const { method, header, heartbeat } = frameType
const nothing = new Uint8Array(0)
const closeOk: Method = { type: 'connection.close-ok' }
const close: Method = {
  type: 'connection.close',
  replyCode: 200,
  replyText: '',
  classId: 0,
  methodId: 0
}

function payloadOf(of: Method): Uint8Array {
  return written((writer) => encodeMethod(writer, of))
}

t.test('methods and empty heartbeats control a connection, and nothing else does', async (t) => {
  t.same(controlMethod(method, 0, payloadOf(close)), close)
  t.equal(controlMethod(heartbeat, 0, nothing), null)
  const others: [number, number, Uint8Array, RegExp][] = [
    [heartbeat, 1, nothing, /of channel 0/],
    [method, 3, payloadOf(close), /channel 3 came before connection.open-ok/],
    [header, 0, nothing, /only methods and heartbeats/]
  ]
  for (const [type, channel, payload, message] of others) {
    t.throws(() => controlMethod(type, channel, payload), { reply: 'UNEXPECTED_FRAME', message })
  }
  const message = /a heartbeat is not empty/
  const full = (): unknown => controlMethod(heartbeat, 0, new Uint8Array(1))
  t.throws(full, { reply: 'FRAME_ERROR', message })
})

t.test('a heartbeat is of no channel', async (t) => {
  t.equal(isOfChannel(method, 1), true)
  t.equal(isOfChannel(method, 0), false)
  t.equal(isOfChannel(heartbeat, 1), false)
})

t.test('after the end only a close and its answer count', async (t) => {
  t.equal(farewellIn(method, 0, payloadOf(close)), 'close')
  t.equal(farewellIn(method, 0, payloadOf(closeOk)), 'close-ok')
  t.equal(farewellIn(method, 1, payloadOf(closeOk)), null, 'of a channel')
  t.equal(farewellIn(method, 0, payloadOf({ type: 'channel.close-ok' })), null)
  t.equal(farewellIn(heartbeat, 0, nothing), null)
})
