// Name and password in a request, and how a caller is asked for them.
import { Socket } from 'node:net'
import type { Gone } from '@holdfast/cluster'
import t from 'tap'
import { readAuthorization } from '../src/authenticate.ts'
import { createIdentify } from '../src/node-calls.ts'
import { basicOf, checkedServer } from './checked-server.ts'
import { FakePort } from './fake-port.ts'

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

t.test('strangers whose passwords wait to be compared keep nobody else out', async (t) => {
  const { admin, call, port } = await checkedServer({ answerTimeoutMs: 2000 })
  const answer = port.request.bind(port)
  const waiting: Gone[] = []
  port.request = (request, gone) => {
    if (request.type !== 'authenticate' || !request.remote.startsWith('127.0.0.2:')) {
      return answer(request)
    }
    if (gone !== undefined) waiting.push(gone)
    return new Promise(() => {})
  }
  const headers = { authorization: basicOf('guest', 'wrong') }
  const url = '/v1/cluster'
  const strangers = Array.from({ length: 300 }, () =>
    admin.inject({ url, headers, remoteAddress: '127.0.0.2' })
  )
  t.equal((await call('getCluster', 'GET', url)).status, 200)
  t.equal(waiting.length, 300)
  t.ok((await Promise.all(strangers)).every(({ status }) => status === 503))
})

t.test('of one connection few calls wait, until it is closed', async (t) => {
  const port = new FakePort()
  const gone: Gone[] = []
  port.request = (_, signal) => {
    if (signal !== undefined) gone.push(signal)
    return new Promise(() => {})
  }
  const identify = createIdentify(port, 5)
  const socket = new Socket()
  const question = {
    type: 'authenticate',
    credentials: null,
    remote: 'x',
    mayBeStale: true
  } as const
  const calls = Array.from({ length: 9 }, () => identify(socket, question))
  await Promise.all(calls.map((call) => t.rejects(call, { code: 'UNAVAILABLE' })))
  t.equal(gone.length, 8)
  await t.rejects(identify(socket, question), { code: 'UNAVAILABLE' })
  t.equal(gone.length, 9, 'a place is free again after each')
  socket.destroy()
  await new Promise((resolve) => socket.once('close', resolve))
  t.ok(gone.every(({ aborted }) => aborted))
})
