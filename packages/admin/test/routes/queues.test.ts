// /v1/queues: names of every kind in paths, pages, purge and delete.
import t from 'tap'
import { at, checkedServer } from '../checked-server.ts'

const names = [
  'orders',
  '/',
  'a/b/c',
  'a%2Fb',
  '%',
  '%25',
  '?',
  '#',
  'a?b#c',
  '+',
  ' ',
  ';',
  'ü',
  '😀',
  '\u0000',
  '\r\nset-cookie: a=b',
  'constructor',
  '__proto__',
  ':name',
  '*',
  '...',
  'é'.repeat(127),
  '日'.repeat(85),
  'a'.repeat(255)
]

t.test(
  'a queue of any name in a vhost of any name is found by its percent-encoded path',
  async (t) => {
    const { call, port } = await checkedServer()
    for (const vhost of names) {
      for (const name of ['orders', vhost]) {
        port.addQueue(vhost, name, 3)
        const path = `/v1/queues/${encodeURIComponent(vhost)}/${encodeURIComponent(name)}`
        const shown = await call('inspectQueue', 'GET', path)
        t.match(shown, { status: 200, body: { vhost, name, ready: 3 } })
        const purged = await call('purgeQueue', 'POST', `${path}/purge`)
        t.match(purged, { status: 200, body: { messages: 3 } })
        t.equal((await call('deleteQueue', 'DELETE', path)).status, 204)
        t.match(await call('inspectQueue', 'GET', path), {
          status: 404,
          body: { code: 'QUEUE_NOT_FOUND' }
        })
      }
    }
  }
)

t.test('an answer is one line of headers whatever the name is', async (t) => {
  const { call } = await checkedServer()
  const answer = await call('inspectQueue', 'GET', '/v1/queues/%2F/a%0D%0Aset-cookie:%20a=b')
  t.equal(answer.headers['set-cookie'], undefined)
})

t.test('a path that is not UTF-8, or a name that is too long, is refused', async (t) => {
  const { call, port } = await checkedServer()
  for (const name of [
    '%ff',
    '%C0%AF',
    '%ED%A0%80',
    '%',
    '%4',
    '%zz',
    'a%',
    '%F4%90%80%80',
    '%80'
  ]) {
    const answer = await call('inspectQueue', 'GET', `/v1/queues/%2F/${name}`)
    t.equal(answer.status, 400, name)
    t.equal(at(answer.body, 'code'), 'REQUEST_INVALID', name)
  }
  for (const name of ['a'.repeat(256), '%C3%A9'.repeat(128)]) {
    for (const path of [`/v1/queues/%2F/${name}`, `/v1/queues/${name}/a`]) {
      const answer = await call('inspectQueue', 'GET', path)
      t.equal(answer.status, 400)
      t.equal(at(answer.body, 'code'), 'NAME_INVALID')
    }
  }
  t.equal((await call(null, 'GET', '/v1/queues/%2F/')).status, 400)
  t.equal(port.requests.length, 0)
})

t.test('queues are listed page by page', async (t) => {
  const { call, port } = await checkedServer()
  for (let number = 0; number < 5; number++)
    port.addQueue('/', `q${number}`, number === 4 ? null : 1)
  const seen: unknown[] = []
  let cursor: unknown = null
  do {
    const query = cursor === null ? '' : `&cursor=${String(cursor)}`
    const { status, body } = await call('listQueues', 'GET', `/v1/queues?limit=2${query}`)
    t.equal(status, 200)
    seen.push(...(at(body, 'queues') as object[]).map((queue) => at(queue, 'name')))
    cursor = at(body, 'cursor')
  } while (cursor !== null)
  t.same(seen, ['q0', 'q1', 'q2', 'q3', 'q4'])
  t.match(await call('listQueues', 'GET', '/v1/queues'), { status: 200, body: { cursor: null } })
})

t.test('a page that cannot be is refused', async (t) => {
  const { call } = await checkedServer()
  for (const query of [
    'limit=0',
    'limit=1001',
    'limit=1&limit=2',
    'cursor=',
    'cursor=a&cursor=b'
  ]) {
    const answer = await call('listQueues', 'GET', `/v1/queues?${query}`)
    t.match(answer, { status: 400, body: { code: 'OPTION_INVALID' } }, query)
  }
  for (const query of ['a=1', '__proto__=1', 'constructor=x', '=']) {
    const answer = await call('listQueues', 'GET', `/v1/queues?${query}`)
    t.match(answer, { status: 400, body: { code: 'OPTION_UNKNOWN' } }, query)
  }
})

t.test('a call that takes no body refuses one', async (t) => {
  const { call, port } = await checkedServer()
  port.addQueue('/', 'q')
  const empty = await call('purgeQueue', 'POST', '/v1/queues/%2F/q/purge', { json: {} })
  t.equal(empty.status, 200)
  for (const json of [{ count: 1 }, [1], 'x']) {
    const answer = await call('purgeQueue', 'POST', '/v1/queues/%2F/q/purge', { json })
    t.match(answer, { status: 400, body: { code: 'REQUEST_INVALID' } })
    const deleted = await call('deleteQueue', 'DELETE', '/v1/queues/%2F/q', { json })
    t.match(deleted, { status: 400, body: { code: 'REQUEST_INVALID' } })
  }
})

t.test('a delete may answer with what it removed', async (t) => {
  const { call, port } = await checkedServer()
  port.override = async () => ({ type: 'purged', messages: 9 })
  t.equal((await call('deleteQueue', 'DELETE', '/v1/queues/%2F/q')).status, 204)
})
