// Name and password in a request, and how a caller is asked for them.
import t from 'tap'
import { readAuthorization } from '../src/authenticate.ts'
import { basicOf, checkedServer } from './checked-server.ts'

t.test('HTTP Basic is read as it is written', async (t) => {
  t.equal(readAuthorization(undefined), null)
  for (const [user, password] of [
    ['ann', 'secret'],
    ['ü', 'ß:ß'],
    ['a', '']
  ] as const) {
    t.same(readAuthorization(basicOf(user, password)), { user, password })
    t.same(readAuthorization(basicOf(user, password).replace('Basic', 'bAsIc')), { user, password })
  }
})

t.test('what is something else is refused', async (t) => {
  const encoded = (text: string | Buffer): string => `Basic ${Buffer.from(text).toString('base64')}`
  for (const header of [
    '',
    'Basic',
    'Basic !',
    'Bearer x',
    encoded('nobody'),
    encoded(':password'),
    encoded(Buffer.from([0x61, 0x3a, 0xff])),
    `Basic ${'A'.repeat(4096)}`
  ]) {
    t.throws(() => readAuthorization(header), { code: 'CREDENTIALS_REQUIRED' }, header)
  }
})

t.test('a refusal asks for a name and a password, and knows who calls from where', async (t) => {
  const { admin, call, port } = await checkedServer()
  const headers = { authorization: basicOf('guest', 'wrong') }
  const ours = await call('listQueues', 'GET', '/v1/queues', { headers })
  t.match(ours, { status: 401, body: { code: 'AUTHENTICATION_FAILED' } })
  t.equal(ours.headers['www-authenticate'], 'Basic realm="Holdfast", charset="UTF-8"')
  const theirs = await call('whoAmI', 'GET', '/api/whoami', { headers })
  t.match(theirs, { status: 401, body: { error: 'not_authorized', reason: /guest/ } })
  await admin.inject({ url: '/v1/queues', remoteAddress: '::1' })
  t.match(port.questions.at(-1), {
    type: 'authenticate',
    credentials: null,
    remote: /^\[::1\]:\d+$/,
    mayBeStale: false
  })
  await call('getCluster', 'GET', '/v1/cluster')
  t.match(port.questions.at(-1), { type: 'authenticate', mayBeStale: true })
})
