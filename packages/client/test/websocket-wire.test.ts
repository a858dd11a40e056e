// What the wire makes of what it is given to send, and of addresses and nodes that are none.
import { connect } from '@holdfast/client'
import { protocolLimits } from '@holdfast/protocol'
import t from 'tap'
import { type WebSocketLike, webSocketWire } from '../src/websocket-wire.ts'

t.test('a large chunk goes out in messages that a node takes, in order', async (t) => {
  const sent: Uint8Array[] = []
  const socket: WebSocketLike = {
    ...{ binaryType: '', readyState: 1, onopen: null, onmessage: null, onclose: null },
    onerror: null,
    send: (data) => sent.push(data),
    close: () => undefined
  }
  const handlers = {
    opened: () => undefined,
    received: () => undefined,
    closed: () => undefined
  }
  const { webSocketMessageBytesMax: most } = protocolLimits
  const wire = webSocketWire(socket, handlers)
  const large = Buffer.from(Uint8Array.from({ length: 2 * most + 5 }, (_, at) => at % 251))
  wire.send([Buffer.from('before'), large, Buffer.from('behind')])
  t.ok(
    Buffer.concat(sent).equals(Buffer.concat([Buffer.from('before'), large, Buffer.from('behind')]))
  )
  t.same(
    sent.map(({ length }) => length),
    [6, most, most, 5, 6]
  )
  sent.length = 0
  wire.send([large.subarray(0, most)])
  t.equal(sent.length, 1)
})

t.test('an address that no WebSocket takes is refused, whatever time there is', async (t) => {
  await t.rejects(connect(['ws://127.0.0.1:1/v1/connect#x'], { connectTimeoutMs: 1 }), {
    code: 'OPTION_INVALID',
    message: /#x: .*fragment/
  })
})
