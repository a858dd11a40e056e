// `/api`: users, permissions, vhosts and limits, as the tools of RabbitMQ ask for them.
import { guest } from '@holdfast/cluster'
import t from 'tap'
import { checkedServer } from '../../checked-server.ts'

t.test('a user is made, shown, changed and deleted', async (t) => {
  const { call } = await checkedServer()
  const put = (json: object) => call('putUser', 'PUT', '/api/users/ann', { json })
  t.equal((await put({ password: 'secret', tags: 'monitoring, mine' })).status, 201)
  const path = '/api/users/ann'
  t.match((await call('inspectUser', 'GET', path)).body, {
    name: 'ann',
    tags: ['monitoring', 'mine'],
    password_hash: guest.password.hash
  })
  t.equal((await put({ password: 'secret', tags: ['administrator'], name: 'ann' })).status, 204)
  t.match((await call('listUsers', 'GET', '/api/users')).body, [
    { name: 'ann', tags: ['administrator'] },
    { name: 'guest' }
  ])
  const idle = await call('listUsersWithoutPermissions', 'GET', '/api/users/without-permissions')
  t.match(idle.body, [{ name: 'ann' }])
  t.equal((await call('deleteUser', 'DELETE', path)).status, 204)
  const gone = { status: 404, body: { error: 'Object Not Found', code: 'USER_NOT_FOUND' } }
  t.match(await call('inspectUser', 'GET', path), gone)
  t.match(await call('deleteUser', 'DELETE', path), gone)
})

t.test('a password comes in the clear, as a hash, or not at all', async (t) => {
  const { call, port } = await checkedServer()
  const hash = 'kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR'
  const put = (json: unknown) => call('putUser', 'PUT', '/api/users/ann', { json })
  await put({ password_hash: hash, tags: [] })
  const sha256 = { algorithm: 'rabbit_password_hashing_sha256', hash }
  t.same(port.access.users.get('ann')?.password, sha256)
  await put({ password_hash: hash, hashing_algorithm: 'rabbit_password_hashing_sha512', tags: '' })
  t.match(port.access.users.get('ann')?.password, { algorithm: /sha512/ })
  for (const json of [{ tags: '' }, { password_hash: '', tags: [] }]) {
    await put(json)
    t.equal(port.access.users.get('ann')?.password, null)
  }
  for (const json of [
    {},
    { tags: 7 },
    { tags: [7] },
    { tags: [], password: '' },
    { tags: [], password: 7 },
    { tags: [], password: 'x'.repeat(513) },
    { tags: [], password_hash: hash, hashing_algorithm: 'md5' }
  ]) {
    const answer = await put(json)
    t.match(answer, { status: 400, body: { error: 'bad_request', code: 'OPTION_INVALID' } })
  }
  t.match(await put([]), { status: 400, body: { code: 'REQUEST_INVALID' } })
})

t.test('users are deleted by the dozen', async (t) => {
  const { call, port } = await checkedServer()
  for (const name of ['a', 'b', 'c']) port.access.addUser(name, [])
  const remove = (users: unknown) =>
    call('bulkDeleteUsers', 'POST', '/api/users/bulk-delete', { json: { users } })
  t.equal((await remove(['a', 'nobody', 'c'])).status, 204)
  t.same([...port.access.users.keys()], ['guest', 'b'])
  t.match(await remove('b'), { status: 400, body: { code: 'OPTION_INVALID' } })
  t.match(await remove(new Array(1001).fill('x')), { status: 400 })
})

t.test('permissions are set, shown and taken', async (t) => {
  const { call, port } = await checkedServer()
  port.access.addUser('ann', [])
  const path = '/api/permissions/%2F/ann'
  const json = { configure: '', write: '^a', read: '.*', user: 'ann' }
  const missing = { status: 404, body: { code: 'PERMISSION_NOT_FOUND' } }
  t.match(await call('inspectPermission', 'GET', path), missing)
  t.match(await call('deletePermission', 'DELETE', path), missing)
  t.equal((await call('putPermission', 'PUT', path, { json })).status, 201)
  t.equal((await call('putPermission', 'PUT', path, { json })).status, 204)
  const row = { user: 'ann', vhost: '/', configure: '', write: '^a', read: '.*' }
  t.same((await call('inspectPermission', 'GET', path)).body, row)
  for (const [operation, of] of [
    ['listPermissionsOfUser', '/api/users/ann/permissions'],
    ['listPermissions', '/api/permissions'],
    ['listPermissionsInVhost', '/api/vhosts/%2F/permissions']
  ] as const) {
    t.match([(await call(operation, 'GET', of)).body].flat().at(-1), row)
  }
  t.equal((await call('deletePermission', 'DELETE', path)).status, 204)
  for (const body of [
    { configure: '', write: '' },
    { configure: '', write: '', read: 7 }
  ]) {
    const answer = await call('putPermission', 'PUT', path, { json: body })
    t.match(answer, { status: 400, body: { code: 'OPTION_INVALID' } })
  }
  const nowhere = await call('putPermission', 'PUT', '/api/permissions/no/ann', { json })
  t.match(nowhere, { status: 404, body: { code: 'VHOST_NOT_FOUND' } })
  const nobody = await call('putPermission', 'PUT', '/api/permissions/%2F/no', { json })
  t.match(nobody, { status: 404, body: { code: 'USER_NOT_FOUND' } })
  const unknown = await call('listPermissionsInVhost', 'GET', '/api/vhosts/no/permissions')
  t.match(unknown, { status: 404, body: { code: 'VHOST_NOT_FOUND' } })
})

t.test('topic permissions are set, shown and taken', async (t) => {
  const { call } = await checkedServer()
  const path = '/api/topic-permissions/%2F/guest'
  const json = { exchange: 'amq.topic', write: '^a', read: '' }
  t.match(await call('inspectTopicPermissions', 'GET', path), { status: 404 })
  t.equal((await call('putTopicPermission', 'PUT', path, { json })).status, 201)
  t.equal((await call('putTopicPermission', 'PUT', path, { json })).status, 204)
  const rows = [{ user: 'guest', vhost: '/', ...json }]
  for (const [operation, of] of [
    ['inspectTopicPermissions', path],
    ['listTopicPermissionsOfUser', '/api/users/guest/topic-permissions'],
    ['listTopicPermissions', '/api/topic-permissions'],
    ['listTopicPermissionsInVhost', '/api/vhosts/%2F/topic-permissions']
  ] as const) {
    t.same((await call(operation, 'GET', of)).body, rows)
  }
  t.equal((await call('deleteTopicPermissions', 'DELETE', path)).status, 204)
  t.match(await call('deleteTopicPermissions', 'DELETE', path), { status: 404 })
})

t.test('vhosts are made, described and deleted; a new one belongs to its maker', async (t) => {
  const { call, port } = await checkedServer()
  const json = { description: 'ours', tags: 'x', default_queue_type: 'quorum' }
  t.equal((await call('apiPutVhost', 'PUT', '/api/vhosts/v', { json })).status, 201)
  t.equal((await call('apiPutVhost', 'PUT', '/api/vhosts/v')).status, 204)
  t.ok(port.access.users.get('guest')?.permissions.has('v'))
  const answer = await call('apiInspectVhost', 'GET', '/api/vhosts/v')
  t.match(answer.body, { name: 'v', tags: [], tracing: false })
  t.match((await call('apiListVhosts', 'GET', '/api/vhosts')).body, [{ name: '/' }, { name: 'v' }])
  t.equal((await call('apiDeleteVhost', 'DELETE', '/api/vhosts/v')).status, 204)
  t.match(await call('apiInspectVhost', 'GET', '/api/vhosts/v'), { status: 404 })
  t.match(await call('apiDeleteVhost', 'DELETE', '/api/vhosts/v'), { status: 404 })
})

t.test('limits are set and removed; a negative one is none', async (t) => {
  const { call } = await checkedServer()
  for (const [of, name, path, limit] of [
    ['Vhost', 'vhost', '/api/vhost-limits/%2F', 'max-queues'],
    ['User', 'user', '/api/user-limits/guest', 'max-channels']
  ] as const) {
    const whom = of === 'Vhost' ? '/' : 'guest'
    const put = (value: unknown) =>
      call(`put${of}Limit`, 'PUT', `${path}/${limit}`, { json: { value } })
    t.same((await call(`inspect${of}Limits`, 'GET', path)).body, [])
    t.equal((await put(7)).status, 204)
    const rows = [{ [name]: whom, value: { [limit]: 7 } }]
    t.same((await call(`inspect${of}Limits`, 'GET', path)).body, rows)
    t.same((await call(`list${of}Limits`, 'GET', path.replace(/\/[^/]*$/, ''))).body, rows)
    t.equal((await put(-1)).status, 204)
    t.same((await call(`inspect${of}Limits`, 'GET', path)).body, [])
    t.equal((await call(`delete${of}Limit`, 'DELETE', `${path}/${limit}`)).status, 204)
    t.match(await put('7'), { status: 400, body: { code: 'OPTION_INVALID' } })
    const unknown = await call(`delete${of}Limit`, 'DELETE', `${path}/max-bytes`)
    t.match(unknown, { status: 400, body: { code: 'OPTION_INVALID' } })
  }
})

t.test('who calls is told', async (t) => {
  const { call } = await checkedServer()
  const { body } = await call('whoAmI', 'GET', '/api/whoami')
  t.same(body, { name: 'guest', tags: ['administrator'], is_internal_user: true })
})
