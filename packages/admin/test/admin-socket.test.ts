// The server on a real socket: what it listens on, and what it says to bytes that are hardly HTTP.
import t from 'tap'
import { at, checkedServer } from './checked-server.ts'
import { bodyOf, exchange, listening } from './exchange.ts'

t.test('only loopback addresses are listened on', async (t) => {
  const { admin } = await checkedServer()
  for (const host of ['0.0.0.0', '::', '192.168.0.1', 'example.com', '']) {
    await t.rejects(admin.listen({ host, port: 0 }), { code: 'ADDRESS_REFUSED' }, host)
  }
})

t.test(
  'what is not HTTP, or lacks or doubles a Host, gets a coded answer and the connection ends',
  async (t) => {
    const { portNumber } = await listening(t)
    const get = (headers: string): string =>
      `GET /v1/cluster HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`
    const cases: [string | Buffer, string][] = [
      ['\u0000\u0001garbage\r\n\r\n', 'REQUEST_INVALID'],
      ['GET / HTTP/9.9\r\n\r\n', 'REQUEST_INVALID'],
      [`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 'REQUEST_INVALID'],
      [
        'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
        'REQUEST_INVALID'
      ],
      [get(''), 'ORIGIN_REFUSED'],
      [get('Host: localhost\r\nHost: evil\r\n'), 'ORIGIN_REFUSED'],
      [get('Host: evil\r\n'), 'ORIGIN_REFUSED'],
      [
        'GET http://evil/v1/cluster HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n',
        'ORIGIN_REFUSED'
      ],
      [
        Buffer.from(
          'GET /v1/vhosts/\u00e9 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
          'utf8'
        ),
        'REQUEST_INVALID'
      ]
    ]
    for (const [bytes, code] of cases) {
      const answer = await exchange(portNumber, bytes)
      t.equal(at(bodyOf(answer), 'code'), code, String(bytes).slice(0, 40))
    }
  }
)

t.test('an expectation that is not known is refused', async (t) => {
  const { portNumber } = await listening(t)
  const answer = await exchange(
    portNumber,
    'GET /v1/cluster HTTP/1.1\r\nHost: localhost\r\nExpect: magic\r\nConnection: close\r\n\r\n'
  )
  t.match(answer, /^HTTP\/1\.1 400 /)
  t.match(answer, /REQUEST_INVALID/)
})

t.test('a listener for upgrades can attach itself', async (t) => {
  const { admin, portNumber } = await listening(t)
  admin.server.on('upgrade', (request, socket) => {
    socket.end(`HTTP/1.1 101 Switching Protocols\r\n\r\n${request.url}`)
  })
  const upgrade =
    'GET /v1/connect HTTP/1.1\r\nHost: [::1]\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
  t.match(await exchange(portNumber, upgrade), /101 Switching Protocols[\s\S]*\/v1\/connect$/)
})

t.test('close ends idle connections', async (t) => {
  const { admin } = await checkedServer()
  const url = await admin.listen({ host: '127.0.0.1', port: 0 })
  const ended = exchange(
    Number(new URL(url).port),
    'GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n'
  )
  await new Promise((resolve) => admin.server.once('request', resolve))
  await admin.close()
  t.match(await ended, /"live"|^$/)
})
