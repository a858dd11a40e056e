// The server as a whole: what it refuses before a route sees it, over a socket where that matters.
import { HoldfastError } from '@holdfast/errors'
import t from 'tap'
import { adminLimits } from '../src/limits.ts'
import { checkedServer } from './checked-server.ts'
import { exchange, listening } from './exchange.ts'

t.test('a foreign Host or Origin is refused everywhere', async (t) => {
  const { call } = await checkedServer()
  const headers = [{ host: 'evil.example' }, { origin: 'http://evil.example' }, { origin: 'null' }]
  for (const [operation, url] of [
    ['getCluster', '/v1/cluster'],
    ['getLiveness', '/health/live'],
    ['getMetrics', '/metrics'],
    [null, '/nothing'],
    [null, '/v1/queues/%2F/%ff']
  ] as const) {
    for (const each of headers) {
      const answer = await call(operation, 'GET', url, { headers: each })
      t.match(answer, { status: 403, body: { code: 'ORIGIN_REFUSED' } }, url)
    }
  }
})

t.test('a loopback Origin is served, without an invitation to other origins', async (t) => {
  const { call } = await checkedServer()
  const answer = await call('getCluster', 'GET', '/v1/cluster', {
    headers: { origin: 'http://localhost:3000' }
  })
  t.equal(answer.status, 200)
  t.equal(answer.headers['access-control-allow-origin'], undefined)
  t.equal(answer.headers['x-content-type-options'], 'nosniff')
  t.equal(answer.headers['cache-control'], 'no-store')
})

t.test('a path that is not there gets a coded 404', async (t) => {
  const { call } = await checkedServer()
  for (const url of [
    '/',
    '/v1',
    '/v2/cluster',
    '/v1/cluster/',
    '/V1/cluster',
    '//v1/cluster',
    '/v1/queues/a',
    '/v1/nodes/1/x',
    '/../etc/passwd',
    '/v1/..%2Fcluster'
  ]) {
    const answer = await call(null, 'GET', url)
    t.match(answer, { status: 404, body: { code: 'ROUTE_NOT_FOUND' } }, url)
  }
})

t.test(
  'a method that a path does not take gets a coded 405 that names those it takes',
  async (t) => {
    const { call } = await checkedServer()
    const wrong = [
      ['POST', '/v1/cluster', 'GET, HEAD'],
      ['OPTIONS', '/v1/cluster', 'GET, HEAD'],
      ['PATCH', '/v1/queues/%2F/q', 'DELETE, GET, HEAD'],
      ['GET', '/v1/queues/%2F/q/purge', 'POST'],
      ['GET', '/v1/nodes', 'POST'],
      ['DELETE', '/v1/vhosts', 'GET, HEAD']
    ] as const
    for (const [method, url, allow] of wrong) {
      const answer = await call(null, method, url)
      t.match(answer, { status: 405, body: { code: 'METHOD_NOT_ALLOWED' } }, `${method} ${url}`)
      t.equal(answer.headers['allow'], allow)
    }
  }
)

t.test(
  'a body that is not JSON is refused, and none is read under another content type',
  async (t) => {
    const { call, port } = await checkedServer()
    const json = '{"peer":"127.0.0.1:7703"}'
    const bad: (string | Buffer)[] = [
      '{',
      'peer=1',
      '{"peer":"a"}x',
      "{'a':1}",
      '[1,',
      Buffer.from([0x22, 0xff, 0x22]),
      `\ufeff${json}`,
      '['.repeat(200_000)
    ]
    for (const payload of bad) {
      const answer = await call('addNode', 'POST', '/v1/nodes', {
        payload,
        headers: { 'content-type': 'application/json' }
      })
      t.match(answer, { status: 400, body: { code: 'REQUEST_INVALID' } })
    }
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/json5',
      'text/json',
      'application/jsonx',
      '\tapplication/xml',
      ''
    ]) {
      const answer = await call('addNode', 'POST', '/v1/nodes', {
        payload: json,
        headers: { 'content-type': type }
      })
      t.match(answer, { status: 415, body: { code: 'MEDIA_TYPE_UNSUPPORTED' } }, type)
    }
    const none = await call('addNode', 'POST', '/v1/nodes')
    t.match(none, { status: 400, body: { code: 'REQUEST_INVALID' } })
    t.equal(port.requests.length, 0)
    for (const type of [
      'application/json',
      'application/json; charset=utf-8',
      'Application/JSON'
    ]) {
      const answer = await call('addNode', 'POST', '/v1/nodes', {
        payload: json,
        headers: { 'content-type': type }
      })
      t.equal(answer.status, 202, type)
    }
  }
)

t.test('keys that would reach a prototype are unknown keys', async (t) => {
  const { call } = await checkedServer()
  for (const payload of [
    '{"__proto__":{"peer":"127.0.0.1:1"}}',
    '{"constructor":{"prototype":{"peer":"x"}}}'
  ]) {
    const answer = await call('addNode', 'POST', '/v1/nodes', {
      payload,
      headers: { 'content-type': 'application/json' }
    })
    t.match(answer, { status: 400, body: { code: 'OPTION_UNKNOWN' } })
  }
  t.equal(({} as { peer?: string }).peer, undefined)
})

t.test('a body beyond the limit is refused by its length and by its bytes', async (t) => {
  const { call, portNumber } = await listening(t)
  const large = JSON.stringify({ peer: 'a'.repeat(adminLimits.bodyBytesMax) })
  const answer = await call('addNode', 'POST', '/v1/nodes', {
    payload: large,
    headers: { 'content-type': 'application/json' }
  })
  t.match(answer, { status: 413, body: { code: 'BODY_TOO_LARGE' } })
  const chunk = 'a'.repeat(adminLimits.bodyBytesMax + 1)
  const head =
    'POST /v1/nodes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
    'Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n'
  const chunked = await exchange(
    portNumber,
    `${head}${chunk.length.toString(16)}\r\n${chunk}\r\n0\r\n\r\n`
  )
  t.match(chunked, /^HTTP\/1\.1 413 /)
  t.match(chunked, /BODY_TOO_LARGE/)
})

t.test('an unexpected error is logged and not told', async (t) => {
  const { call, port, logged } = await checkedServer()
  const thrown: unknown[] = [
    new Error('secret'),
    'secret',
    undefined,
    new TypeError('secret', { cause: 'secret' })
  ]
  for (const value of thrown) {
    port.override = async () => {
      throw value
    }
    const answer = await call('listVhosts', 'GET', '/v1/vhosts')
    t.match(answer, { status: 500, body: { code: 'INTERNAL', details: {} } })
    t.notMatch(JSON.stringify(answer), /secret/)
  }
  port.override = async () => ({ type: 'done' })
  t.equal((await call('listVhosts', 'GET', '/v1/vhosts')).status, 500)
  t.equal(logged.length, thrown.length + 1)
  t.match(logged[0], { level: 'error', fields: { cause: /secret/ } })
})

t.test('an error of the node whose text holds line ends stays in the body', async (t) => {
  const { call, port } = await checkedServer()
  port.override = async () => {
    throw new HoldfastError('UNAVAILABLE', { reason: 'a\r\nset-cookie: b' })
  }
  const answer = await call('listVhosts', 'GET', '/v1/vhosts')
  t.equal(answer.status, 503)
  t.equal(answer.headers['set-cookie'], undefined)
  port.override = async () => {
    const operation = {
      id: 'a\r\nb/c',
      kind: 'add-node',
      node: null,
      state: 'running',
      progress: { done: 0, total: 1, sentence: '' },
      error: null
    } as const
    return { type: 'operation', operation }
  }
  const started = await call('addNode', 'POST', '/v1/nodes', { json: { peer: 'localhost:1' } })
  t.equal(started.headers['location'], '/v1/operations/a%0D%0Ab%2Fc')
})

t.test('a node that does not answer in time is unavailable', async (t) => {
  const { call, port } = await checkedServer({ answerTimeoutMs: 5 })
  port.override = () => new Promise(() => {})
  t.match(await call('listVhosts', 'GET', '/v1/vhosts'), {
    status: 503,
    body: { code: 'UNAVAILABLE' }
  })
})

t.test('requests are counted under templates, never under what was typed', async (t) => {
  let clock = 0
  const { call } = await checkedServer({ now: () => (clock += 10) })
  await call('inspectQueue', 'GET', '/v1/queues/%2F/secret')
  await call(null, 'GET', '/secret')
  const { body } = await call('getMetrics', 'GET', '/metrics')
  t.match(
    body,
    /holdfast_http_requests_total\{route="\/v1\/queues\/\{vhost\}\/\{name\}",status="404"\} 1/
  )
  t.match(body, /holdfast_http_requests_total\{route="none",status="404"\} 1/)
  t.notMatch(body, /secret/)
})
