// Every route with every kind of caller: who is let in, and who is told why not. A route that is
// not in the table fails.
import t from 'tap'
import { at, basicOf, checkedServer } from './checked-server.ts'

type Role = 'none' | 'management' | 'policymaker' | 'monitoring' | 'administrator'

const table: Readonly<Record<string, Role>> = {
  'GET /v1/cluster': 'monitoring',
  'POST /v1/groups/{id}/transfer': 'administrator',
  'POST /v1/nodes': 'administrator',
  'DELETE /v1/nodes/{id}': 'administrator',
  'GET /v1/operations': 'monitoring',
  'GET /v1/operations/{id}': 'monitoring',
  'GET /v1/queues': 'management',
  'GET /v1/queues/{vhost}/{name}': 'management',
  'DELETE /v1/queues/{vhost}/{name}': 'management',
  'POST /v1/queues/{vhost}/{name}/purge': 'management',
  'GET /v1/vhosts': 'management',
  'GET /v1/vhosts/{vhost}': 'management',
  'PUT /v1/vhosts/{vhost}': 'administrator',
  'DELETE /v1/vhosts/{vhost}': 'administrator',
  'GET /health/live': 'none',
  'GET /health/ready': 'none',
  'GET /metrics': 'none',
  'GET /v1/openapi.json': 'none',
  'GET /v1/connect': 'none',
  'GET /api/whoami': 'management',
  'GET /api/users': 'administrator',
  'GET /api/users/without-permissions': 'administrator',
  'POST /api/users/bulk-delete': 'administrator',
  'GET /api/users/{user}': 'administrator',
  'PUT /api/users/{user}': 'administrator',
  'DELETE /api/users/{user}': 'administrator',
  'GET /api/users/{user}/permissions': 'administrator',
  'GET /api/users/{user}/topic-permissions': 'administrator',
  'GET /api/permissions': 'administrator',
  'GET /api/permissions/{vhost}/{user}': 'administrator',
  'PUT /api/permissions/{vhost}/{user}': 'administrator',
  'DELETE /api/permissions/{vhost}/{user}': 'administrator',
  'GET /api/topic-permissions': 'administrator',
  'GET /api/topic-permissions/{vhost}/{user}': 'administrator',
  'PUT /api/topic-permissions/{vhost}/{user}': 'administrator',
  'DELETE /api/topic-permissions/{vhost}/{user}': 'administrator',
  'GET /api/vhosts': 'management',
  'GET /api/vhosts/{vhost}': 'management',
  'PUT /api/vhosts/{vhost}': 'administrator',
  'DELETE /api/vhosts/{vhost}': 'administrator',
  'GET /api/vhosts/{vhost}/permissions': 'administrator',
  'GET /api/vhosts/{vhost}/topic-permissions': 'administrator',
  'GET /api/vhost-limits': 'management',
  'GET /api/vhost-limits/{vhost}': 'management',
  'PUT /api/vhost-limits/{vhost}/{limit}': 'administrator',
  'DELETE /api/vhost-limits/{vhost}/{limit}': 'administrator',
  'GET /api/user-limits': 'administrator',
  'GET /api/user-limits/{user}': 'administrator',
  'PUT /api/user-limits/{user}/{limit}': 'administrator',
  'DELETE /api/user-limits/{user}/{limit}': 'administrator'
}

/** Callers by the tag they have, and the roles that it is enough for. */
const callers: Readonly<Record<string, readonly Role[]>> = {
  nothing: ['none'],
  mine: ['none'],
  management: ['none', 'management'],
  policymaker: ['none', 'management', 'policymaker'],
  monitoring: ['none', 'management', 'monitoring'],
  administrator: ['none', 'management', 'policymaker', 'monitoring', 'administrator']
}

t.test('each route lets in who has the tag, and nobody else', async (t) => {
  const { admin, document, port } = await checkedServer()
  for (const tag of Object.keys(callers)) port.access.addUser(tag, tag === 'nothing' ? [] : [tag])
  t.same(
    admin.routes.map(({ method, path }) => `${method} ${path}`).sort(),
    Object.keys(table).sort()
  )
  for (const { method, path } of admin.routes) {
    const role = table[`${method} ${path}`] ?? 'none'
    const url = path.replaceAll(/\{\w+\}/g, '7')
    t.equal(at(document, 'paths', path, method.toLowerCase(), 'x-role'), role)
    const answerTo = async (authorization: string): Promise<{ status: number; code: unknown }> => {
      const { status, body } = await admin.inject({ method, url, headers: { authorization } })
      const code = status < 400 || body === '' ? null : (JSON.parse(body) as { code: string }).code
      return { status, code }
    }
    for (const [caller, enough] of Object.entries(callers)) {
      const { status, code } = await answerTo(basicOf(caller, 'right'))
      const what = `${caller} at ${method} ${path}`
      if (enough.includes(role)) t.notMatch(code, /^(TAG_REQUIRED|AUTHENTICATION|CRED)/, what)
      else t.same([status, code], [403, 'TAG_REQUIRED'], what)
    }
    if (role === 'none') continue
    const wrong = { status: 401, code: 'AUTHENTICATION_FAILED' }
    t.same(await answerTo(basicOf('administrator', 'wrong')), wrong)
    t.same(await answerTo('Bearer x'), { status: 401, code: 'CREDENTIALS_REQUIRED' })
  }
})

t.test('who is refused changes nothing and has nothing read', async (t) => {
  const { admin, port } = await checkedServer()
  port.access.addUser('mine', ['mine'])
  const headers = { authorization: basicOf('mine', 'right') }
  await admin.inject({ method: 'PUT', url: '/api/vhosts/v', headers, payload: 'no JSON' })
  t.match(port.questions, [{ type: 'authenticate' }])
  t.same(port.requests, [])
})

t.test(
  'a caller that may not see all sees its own vhosts, and does there what it may',
  async (t) => {
    const { call, port } = await checkedServer()
    const ann = port.access.addUser('ann', ['management'])
    for (const vhost of ['v', 'w']) {
      port.access.vhosts.set(vhost, { description: '', limits: { 'max-queues': 1 } })
      port.addQueue(vhost, 'q', 3)
    }
    ann.permissions.set('v', { vhost: 'v', configure: '', write: '', read: '.*' })
    const headers = { authorization: basicOf('ann', 'right') }
    t.same((await call('listVhosts', 'GET', '/v1/vhosts', { headers })).body, {
      vhosts: [{ name: 'v' }]
    })
    t.match((await call('apiListVhosts', 'GET', '/api/vhosts', { headers })).body, [{ name: 'v' }])
    const limits = await call('listVhostLimits', 'GET', '/api/vhost-limits', { headers })
    t.same(limits.body, [{ vhost: 'v', value: { 'max-queues': 1 } }])
    const queues = await call('listQueues', 'GET', '/v1/queues', { headers })
    t.match(queues.body, { queues: [{ vhost: 'v' }], cursor: null })
    t.equal((queues.body as { queues: [] }).queues.length, 1)
    t.match(port.requests.at(-1), { type: 'list-queues', vhosts: ['v'] }, 'nor does the cursor')
    await call('listQueues', 'GET', '/v1/queues')
    t.match(port.requests.at(-1), { type: 'list-queues', vhosts: null })
    const refused = { status: 403, body: { code: 'VHOST_ACCESS_REFUSED' } }
    t.match(await call('inspectQueue', 'GET', '/v1/queues/w/q', { headers }), refused)
    t.match(await call('inspectVhost', 'GET', '/v1/vhosts/w', { headers }), refused)
    t.match(await call('apiInspectVhost', 'GET', '/api/vhosts/w', { headers }), refused)
    t.match(await call('inspectVhostLimits', 'GET', '/api/vhost-limits/w', { headers }), refused)
    for (const [operation, method, path] of [
      ['deleteQueue', 'DELETE', '/v1/queues/w/q'],
      ['purgeQueue', 'POST', '/v1/queues/w/q/purge']
    ] as const) {
      const answer = await call(operation, method, path, { headers })
      t.match(answer, { status: 403, body: { code: 'ACCESS_REFUSED' } })
    }
    t.equal((await call('purgeQueue', 'POST', '/v1/queues/v/q/purge', { headers })).status, 200)
    const asked = port.questions.filter(({ type }) => type === 'authorize')
    t.match(asked, [
      { user: 'ann', vhost: 'w', needs: [{ resource: 'queue', name: 'q', right: 'configure' }] },
      { user: 'ann', vhost: 'w', needs: [{ resource: 'queue', name: 'q', right: 'read' }] },
      { user: 'ann', vhost: 'v', needs: [{ resource: 'queue', name: 'q', right: 'read' }] }
    ])
  }
)
