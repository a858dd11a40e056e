// Who connects and says nothing, or too little, or stops: each has its time, and then goes.
import { connect } from 'node:net'
import { eventually } from '@holdfast/testkit'
import t from 'tap'
import { startTarget } from './healthy-client.ts'
import { type Carrier, hello, RawClient } from './raw-client.ts'

t.setTimeout(280_000)

t.test('who says nothing is sent away in time', async (t) => {
  const target = await startTarget(t)
  const open = (carrier: Carrier = 'tcp'): Promise<RawClient> =>
    RawClient.open(carrier, carrier === 'tcp' ? target.node.client : target.node.http)
  const silent = await open()
  const webSilent = await open('websocket')
  const dripping = await open()
  const bytes = hello()
  let position = 0
  const drip = setInterval(() => dripping.write(bytes.subarray(position, ++position)), 200)
  const halfOpen = await (await open()).greet({ heartbeatMs: 500 })
  const halfHttp = connect(Number(target.node.http.split(':')[1]), '127.0.0.1')
  let isHttpClosed = false
  halfHttp.on('close', () => {
    isHttpClosed = true
  })
  halfHttp.on('error', () => halfHttp.destroy())
  halfHttp.resume()
  halfHttp.write('GET /v1/cluster HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ')
  t.equal(await silent.closingCode(), 'HANDSHAKE_TIMEOUT')
  t.equal(await webSilent.closingCode(), 'HANDSHAKE_TIMEOUT')
  t.equal(await dripping.closingCode(), 'HANDSHAKE_TIMEOUT')
  clearInterval(drip)
  t.equal(await halfOpen.closingCode(), 'HEARTBEAT_MISSED')
  await eventually('the end of half a request', () => isHttpClosed, { timeoutMs: 45_000 })
  await target.judge(t)
})
