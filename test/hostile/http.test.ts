// What comes over HTTP and must not be obeyed: each gets a coded error as JSON, the node goes on,
// and the client beside it notices nothing.
import { connect } from 'node:net'
import { Random } from '@holdfast/testkit'
import t from 'tap'
import { startTarget } from './healthy-client.ts'

t.setTimeout(280_000)

interface Answer {
  readonly status: number
  readonly code: string
}

/** Sends bytes as they are, and reads the answer to its end. */
function exchange(address: string, bytes: string | Uint8Array): Promise<Answer> {
  const [host = '', port = ''] = address.split(':')
  return new Promise((resolve) => {
    const socket = connect(Number(port), host)
    let text = ''
    socket.setTimeout(10_000, () => socket.destroy())
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0)
      resolve({ status, code: /"code":"([A-Z_]+)"/.exec(text)?.[1] ?? '' })
    })
    socket.write(bytes)
  })
}

interface Call {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

function request({ method = 'GET', path, headers = {}, body = '' }: Call): string {
  const all: Record<string, string> = { host: '127.0.0.1', connection: 'close', ...headers }
  if (body !== '') {
    all['content-type'] ??= 'application/json'
    all['content-length'] ??= String(Buffer.byteLength(body))
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`
}

const upgrade = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA=='
}

const post = (path: string, body: string): Call => ({ method: 'POST', path, body })

const wrong: readonly (readonly [string, Call, number, string])[] = [
  ['invalid JSON', post('/v1/nodes', '{"peer":'), 400, 'REQUEST_INVALID'],
  ['JSON that is no object', post('/v1/nodes', '[1]'), 400, 'REQUEST_INVALID'],
  ['JSON with a prototype', post('/v1/nodes', '{"__proto__":{"peer":"x"}}'), 400, 'OPTION_UNKNOWN'],
  ['deep JSON', post('/v1/nodes', '['.repeat(100_000)), 400, 'REQUEST_INVALID'],
  ['a body too large', post('/v1/nodes', '1'.repeat(300_000)), 413, 'BODY_TOO_LARGE'],
  ['a peer elsewhere', post('/v1/nodes', '{"peer":"8.8.8.8:1"}'), 400, 'ADDRESS_REFUSED'],
  ['a peer that is none', post('/v1/nodes', '{"peer":7}'), 400, 'OPTION_INVALID'],
  ['a peer that is away', post('/v1/nodes', '{"peer":"127.0.0.1:1"}'), 502, 'NODE_UNREACHABLE'],
  [
    'another media type',
    { ...post('/v1/nodes', 'a=b'), headers: { 'content-type': 'text/html' } },
    415,
    'MEDIA_TYPE_UNSUPPORTED'
  ],
  [
    'a foreign Host',
    { path: '/v1/cluster', headers: { host: 'evil.example' } },
    403,
    'ORIGIN_REFUSED'
  ],
  [
    'a Host that looks like ours',
    { path: '/v1/cluster', headers: { host: '127.0.0.1.evil.example' } },
    403,
    'ORIGIN_REFUSED'
  ],
  [
    'a foreign Origin',
    { path: '/v1/cluster', headers: { origin: 'http://evil.example' } },
    403,
    'ORIGIN_REFUSED'
  ],
  ['an opaque Origin', { path: '/v1/cluster', headers: { origin: 'null' } }, 403, 'ORIGIN_REFUSED'],
  [
    'an upgrade from a foreign Origin',
    { path: '/v1/connect', headers: { ...upgrade, origin: 'http://evil.example' } },
    403,
    'ORIGIN_REFUSED'
  ],
  [
    'an upgrade with a foreign Host',
    { path: '/v1/connect', headers: { ...upgrade, host: 'evil.example' } },
    403,
    'ORIGIN_REFUSED'
  ],
  ['an upgrade elsewhere', { path: '/v1/elsewhere', headers: upgrade }, 404, 'ROUTE_NOT_FOUND'],
  ['an unknown route', { path: '/nothing/here' }, 404, 'ROUTE_NOT_FOUND'],
  ['a way up', { path: '/v1/../../etc/passwd' }, 404, 'ROUTE_NOT_FOUND'],
  ['another method', { method: 'PATCH', path: '/v1/cluster' }, 405, 'METHOD_NOT_ALLOWED'],
  ['an unknown queue', { path: '/v1/queues/%2F/none' }, 404, 'QUEUE_NOT_FOUND'],
  ['an unknown vhost', { path: '/v1/queues/none/none' }, 404, 'VHOST_NOT_FOUND'],
  ['an unknown operation', { path: '/v1/operations/4711' }, 404, 'OPERATION_NOT_FOUND'],
  ['an operation that cannot be', { path: '/v1/operations/__proto__' }, 404, 'OPERATION_NOT_FOUND'],
  ['an unknown node', { method: 'DELETE', path: '/v1/nodes/4711' }, 404, 'NODE_NOT_FOUND'],
  ['a node that is no number', { method: 'DELETE', path: '/v1/nodes/x' }, 400, 'REQUEST_INVALID'],
  ['the last node', { method: 'DELETE', path: '/v1/nodes/1' }, 409, 'LAST_NODE'],
  ['an unknown group', post('/v1/groups/4711/transfer', '{"to":1}'), 404, 'GROUP_NOT_FOUND'],
  ['a transfer to nobody', post('/v1/groups/1/transfer', '{"to":4711}'), 404, 'NODE_NOT_FOUND'],
  ['a transfer to a text', post('/v1/groups/1/transfer', '{"to":"1"}'), 400, 'OPTION_INVALID'],
  ['a page of nothing', { path: '/v1/queues?limit=0' }, 400, 'OPTION_INVALID'],
  ['a cursor that is none', { path: '/v1/queues?cursor=nonsense' }, 400, 'REQUEST_INVALID'],
  ['a cursor that is no UTF-8', { path: '/v1/queues?cursor=%25ff/x' }, 400, 'REQUEST_INVALID'],
  ['an unknown parameter', { path: '/v1/queues?surplus=1' }, 400, 'OPTION_UNKNOWN'],
  ['a path that is no UTF-8', { path: '/v1/queues/%ff/x' }, 400, 'REQUEST_INVALID'],
  ['headers without end', { path: '/', headers: { x: 'y'.repeat(20_000) } }, 400, 'REQUEST_INVALID']
]

t.test('what HTTP may bring gets a coded error', async (t) => {
  const target = await startTarget(t)
  const { http } = target.node
  for (const [what, call, status, code] of wrong) {
    t.same(await exchange(http, request(call)), { status, code }, what)
  }
  const twice =
    'GET /v1/cluster HTTP/1.1\r\nhost: 127.0.0.1\r\nhost: evil\r\nconnection: close\r\n\r\n'
  t.equal((await exchange(http, twice)).status >= 400, true, 'two Hosts')
  const smuggled = request({
    ...post('/v1/nodes', '{}'),
    headers: { 'transfer-encoding': 'chunked', 'content-length': '2' }
  })
  t.equal((await exchange(http, smuggled)).status, 400, 'two lengths')
  t.equal((await exchange(http, 'nonsense\r\n\r\n')).code, 'REQUEST_INVALID', 'no HTTP')
  const random = new Random(21)
  for (let round = 0; round < 200; round++) {
    const bytes = Buffer.from(request(random.pick(wrong)[1]).slice(0, 400))
    for (let flips = random.integer(1, 6); flips > 0; flips--) {
      bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255)
    }
    const cut = random.chance(0.3) ? random.integer(1, bytes.length) : bytes.length
    // Half a request is left behind rather than waited for.
    await Promise.race([
      exchange(http, bytes.subarray(0, cut)),
      new Promise((resolve) => setTimeout(resolve, 30))
    ])
  }
  t.equal((await exchange(http, request({ path: '/health/live' }))).status, 200, 'it lives')
  await target.judge(t)
})
