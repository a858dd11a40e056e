// /v1/vhosts: declared, shown, listed and deleted, with names of every kind.
import t from 'tap'
import { checkedServer } from '../checked-server.ts'

t.test('vhosts are declared, shown, listed and deleted', async (t) => {
  const { call } = await checkedServer()
  for (const name of ['tenant', 'a/b', '日本', 'a'.repeat(255), '__proto__']) {
    const path = `/v1/vhosts/${encodeURIComponent(name)}`
    t.match(await call('inspectVhost', 'GET', path), {
      status: 404,
      body: { code: 'VHOST_NOT_FOUND' }
    })
    for (let time = 0; time < 2; time++) {
      t.match(await call('declareVhost', 'PUT', path), { status: 200, body: { name } })
    }
    t.match(await call('inspectVhost', 'GET', path), { status: 200, body: { name } })
    const { body } = await call('listVhosts', 'GET', '/v1/vhosts')
    t.same(body, { vhosts: ['/', name].sort().map((each) => ({ name: each })) })
    t.equal((await call('deleteVhost', 'DELETE', path)).status, 204)
    t.match(await call('deleteVhost', 'DELETE', path), {
      status: 404,
      body: { code: 'VHOST_NOT_FOUND' }
    })
  }
})

t.test('a name that cannot be is refused', async (t) => {
  const { call } = await checkedServer()
  for (const [operation, method] of [
    ['inspectVhost', 'GET'],
    ['declareVhost', 'PUT'],
    ['deleteVhost', 'DELETE']
  ] as const) {
    const answer = await call(operation, method, `/v1/vhosts/${'a'.repeat(256)}`)
    t.match(answer, { status: 400, body: { code: 'NAME_INVALID' } })
    const broken = await call(operation, method, '/v1/vhosts/%ff')
    t.match(broken, { status: 400, body: { code: 'REQUEST_INVALID' } })
  }
})

t.test('a declaration takes no settings', async (t) => {
  const { call } = await checkedServer()
  const answer = await call('declareVhost', 'PUT', '/v1/vhosts/a', { json: { limit: 1 } })
  t.match(answer, { status: 400, body: { code: 'REQUEST_INVALID' } })
})
