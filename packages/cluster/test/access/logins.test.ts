// Who gets in: passwords are verified by the shell, a few at a time, and what is refused is refused
// alike, whatever the reason.
import { guest } from '@holdfast/broker'
import t from 'tap'
import { isLoopback } from '../../src/access/logins.ts'
import { limits, times } from '../../src/limits.ts'
import type { AdminReply, AdminRequest } from '../../src/status.ts'
import { LoneMember } from '../lone-member.ts'
import { change, hashOf, makeAgain, permit, putUser } from './access-fixture.ts'

const everything = ['.*', '.*', '.*'] as const
const far = '192.0.2.7:4'

t.test('who says nothing is guest, from this machine', async (t) => {
  const member = new LoneMember()
  t.equal(member.connect(1).state, 'open')
  t.equal(member.connect(2, {}, far).state, 'CREDENTIALS_REQUIRED')
  t.same(member.verifying, [])
})

t.test(
  'and nobody once guest has another password, no rights in the vhost, or is gone',
  async (t) => {
    const member = new LoneMember()
    change(member, { type: 'clear-permission', user: 'guest', vhost: '/' })
    t.equal(member.connect(1).state, 'VHOST_ACCESS_REFUSED')
    change(member, { type: 'put-user', user: 'guest', password: hashOf('A'), tags: [] })
    t.equal(member.connect(2).state, 'CREDENTIALS_REQUIRED')
    change(member, { type: 'delete-user', user: 'guest' })
    t.equal(member.connect(3).state, 'CREDENTIALS_REQUIRED')
  }
)

t.test('guest with its password comes from this machine only, others from anywhere', async (t) => {
  const member = new LoneMember()
  const credentials = { user: 'guest', password: 'guest' }
  const near = member.connect(1, credentials)
  t.match(member.verifying, [{ password: 'guest', hash: guest.password }])
  t.equal(near.state, null)
  member.verified(true)
  t.equal(near.state, 'open')
  t.equal(member.connect(2, credentials, far).state, 'AUTHENTICATION_FAILED')
  t.same(member.verifying, [])
  putUser(member, 'ann')
  permit(member, 'ann', everything)
  const ann = member.connect(3, { user: 'ann', password: 'x' }, far)
  member.verified(true)
  t.equal(ann.state, 'open')
})

t.test('a wrong password, no password and no user are one and the same', async (t) => {
  const member = new LoneMember()
  putUser(member, 'ann')
  change(member, { type: 'put-user', user: 'mute', password: null, tags: [] })
  for (const user of ['ann', 'mute', 'nobody']) {
    const client = member.connect(1, { user, password: 'x' })
    t.same(member.verifying[0]?.hash, user === 'ann' ? hashOf('A') : null)
    member.verified(false)
    t.equal(client.state, 'AUTHENTICATION_FAILED', user)
  }
  // The shell cannot be right about somebody who has no password.
  const liar = member.connect(2, { user: 'ann', password: 'x' })
  change(member, { type: 'put-user', user: 'ann', password: hashOf('B'), tags: [] })
  member.verified(true)
  t.equal(liar.state, null, 'its password has changed meanwhile, and is verified anew')
  t.match(member.verifying, [{ hash: hashOf('B') }])
  member.verified(false)
  t.equal(liar.state, 'AUTHENTICATION_FAILED')
})

t.test('a user needs permissions in the vhost, and a vhost that is there', async (t) => {
  const member = new LoneMember()
  putUser(member, 'ann')
  for (const [vhost, code] of [
    ['/', 'VHOST_ACCESS_REFUSED'],
    ['nowhere', 'VHOST_NOT_FOUND']
  ] as const) {
    const client = member.connect(1, { user: 'ann', password: 'x', vhost })
    member.verified(true)
    t.equal(client.state, code)
  }
  permit(member, 'ann', ['', '', ''])
  const client = member.connect(1, { user: 'ann', password: 'x' })
  member.verified(true)
  t.equal(client.state, 'open', 'with permissions to nothing it may at least connect')
})

t.test('few passwords are verified at once, in the order in which they came', async (t) => {
  const member = new LoneMember()
  putUser(member, 'ann')
  permit(member, 'ann', everything)
  const clients = Array.from({ length: 5 }, (_, i) =>
    member.connect(i + 1, { user: 'ann', password: `p${i}` })
  )
  t.same(
    member.verifying.map(({ password }) => password),
    ['p0', 'p1']
  )
  // Who has gone is passed over.
  const gone = clients[2]
  if (gone === undefined) throw new Error('there are five')
  member.step([gone.gone()])
  member.verified(true)
  t.same(
    member.verifying.map(({ password }) => password),
    ['p1', 'p3']
  )
  member.verified(true)
  member.verified(true)
  member.verified(true)
  t.same(
    clients.map(({ state }) => state),
    ['open', 'open', null, 'open', 'open']
  )
})

t.test('logins that wait are bounded, and end with the handshake', async (t) => {
  const member = new LoneMember()
  const credentials = { user: 'ann', password: 'x' }
  const room = limits.verificationsMax + limits.loginsWaitingMax
  const waiting = Array.from({ length: room }, () => member.connect(1, credentials))
  t.equal(member.connect(1, credentials).state, 'UNAVAILABLE')
  t.ok(waiting.every(({ state }) => state === null))
  t.equal(member.connect(1).state, 'open', 'others are let in')
  member.pass(5500)
  t.ok(waiting.every(({ state }) => state === 'HANDSHAKE_TIMEOUT'))
  member.verified(false)
  t.equal(member.verifying.length, 1, 'nobody waits any more')
})

t.test('what was right of late does not wait, unless the password has changed', async (t) => {
  const member = new LoneMember()
  putUser(member, 'ann')
  permit(member, 'ann', everything)
  const room = limits.verificationsMax + limits.loginsWaitingMax
  for (let i = 0; i < room; i++) member.connect(1, { user: 'nobody', password: 'x' })
  member.recalled.add('right')
  t.equal(member.connect(1, { user: 'ann', password: 'right' }).state, 'open')
  t.equal(member.connect(1, { user: 'ann', password: 'wrong' }).state, 'UNAVAILABLE')
})

t.test('strangers keep nobody out who comes from elsewhere', async (t) => {
  const member = new LoneMember()
  putUser(member, 'ann')
  permit(member, 'ann', everything)
  const room = limits.verificationsMax + limits.loginsWaitingMax
  const strangers = Array.from({ length: room }, () =>
    member.connect(1, { user: 'nobody', password: 'x' }, far)
  )
  const ann = member.connect(2, { user: 'ann', password: 'right' })
  t.equal(ann.state, null)
  t.same(
    strangers.map(({ state }) => state).filter((state) => state !== null),
    ['UNAVAILABLE'],
    'the last of those who have most waiting gave way'
  )
  for (let left = limits.verificationsMax + 1; left > 0; left--) member.verified(false)
  t.same(member.verifying.map(({ password }) => password).sort(), ['right', 'x'])
  while (member.verifying[0]?.password === 'x') member.verified(false)
  member.verified(true)
  t.equal(ann.state, 'open')
})

t.test('the password of an operator that has waited too long is not compared', async (t) => {
  const member = new LoneMember()
  const credentials = { user: 'ann', password: 'x' }
  for (let i = 0; i < limits.verificationsMax; i++) member.connect(1, credentials)
  t.equal(member.admin({ type: 'authenticate', credentials, remote: far, mayBeStale: false }), null)
  member.pass(times.loginWaitMs)
  t.equal(member.verifying.length, limits.verificationsMax)
  member.verified(false)
  t.equal(member.answered, 'UNAVAILABLE')
  t.equal(member.verifying.length, limits.verificationsMax - 1)
})

t.test('connections of a user and to a vhost are limited', async (t) => {
  const member = new LoneMember()
  change(member, { type: 'set-user-limit', user: 'guest', limit: 'max-connections', value: 2 })
  const first = member.connect(1)
  t.equal(member.connect(2).state, 'open')
  t.equal(member.connect(3).state, 'CONNECTIONS_LIMIT_REACHED')
  member.step([first.gone()])
  t.equal(member.connect(4).state, 'open')
  change(member, { type: 'set-user-limit', user: 'guest', limit: 'max-connections', value: null })
  change(member, { type: 'set-vhost-limit', vhost: '/', limit: 'max-connections', value: 3 })
  t.equal(member.connect(5).state, 'open')
  t.equal(member.connect(6).state, 'CONNECTIONS_LIMIT_REACHED')
})

t.test('connections end with their user, and with their vhost', async (t) => {
  const member = new LoneMember()
  putUser(member, 'ann')
  permit(member, 'ann', everything)
  change(member, { type: 'put-vhost', vhost: 'v', description: '', owner: 'guest' })
  const ann = member.connect(1, { user: 'ann', password: 'x' })
  member.verified(true)
  const visitor = member.connect(2, { vhost: 'v' })
  const guestAtHome = member.connect(3)
  change(member, { type: 'delete-user', user: 'ann' })
  t.same([ann.state, visitor.state], ['CONNECTION_CLOSED', 'open'])
  t.match(member.admin({ type: 'delete-vhost', vhost: 'v' }), { type: 'done' })
  t.equal(visitor.state, 'CONNECTION_CLOSED')
  t.equal(guestAtHome.state, 'open')
})

t.test('who is deleted and made again in one batch is somebody else', async (t) => {
  const member = new LoneMember()
  putUser(member, 'ann')
  permit(member, 'ann', everything)
  const ann = member.connect(1, { user: 'ann', password: 'x' })
  member.verified(true)
  const guestAtHome = member.connect(2)
  makeAgain(member, 'ann')
  t.same([ann.state, guestAtHome.state], ['CONNECTION_CLOSED', 'open'])
  const again = member.connect(3, { user: 'ann', password: 'x' })
  member.verified(true)
  t.equal(again.state, 'open')
})

t.test('a call of an operator is of somebody, too', async (t) => {
  const member = new LoneMember()
  const remote = '127.0.0.1:4'
  const anonymous = { user: 'guest', tags: ['administrator'], vhosts: ['/'] }
  const nobody = { type: 'authenticate', credentials: null, remote, mayBeStale: false } as const
  const reply = member.admin(nobody) as Extract<AdminReply, { type: 'identity' }>
  t.match(reply.identity, anonymous)
  const { user, id } = reply.identity
  const far = {
    type: 'authenticate',
    credentials: null,
    remote: '192.0.2.7:4',
    mayBeStale: false
  } as const
  t.equal(member.admin(far), 'CREDENTIALS_REQUIRED')
  putUser(member, 'ann')
  const credentials = { user: 'ann', password: 'x' }
  t.equal(member.admin({ type: 'authenticate', credentials, remote, mayBeStale: false }), null)
  member.verified(false)
  t.match(member.admin({ type: 'read-access' }), {
    access: {
      users: [{ name: 'guest', permissions: [{ vhost: '/', read: '.*' }] }, { name: 'ann' }],
      vhosts: [{ name: '/', description: '', limits: {} }]
    }
  })
  const needs = [{ resource: 'queue', name: 'q', right: 'read' }] as const
  const ask = { type: 'authorize', user, id, vhost: '/', needs } as const
  t.match(member.admin(ask), { type: 'done' })
  t.equal(member.admin({ ...ask, user: 'ann' }), 'ACCESS_REFUSED')
  t.equal(member.admin({ ...ask, id: id + 1 }), 'ACCESS_REFUSED', 'another guest')
  const command = { type: 'delete-user', user: 'nobody' } as const
  t.equal(member.admin({ type: 'change-access', command }), 'USER_NOT_FOUND')
  const pattern = { configure: '(', write: '', read: '' }
  const broken = { type: 'set-permission', user: 'ann', vhost: '/', ...pattern } as const
  t.equal(member.admin({ type: 'change-access', command: broken }), 'PATTERN_INVALID')
})

t.test('this machine has many addresses', async (t) => {
  for (const remote of ['127.0.0.1:1', '127.1.2.3:65535', '[::1]:1', '[::ffff:127.0.0.1]:9']) {
    t.ok(isLoopback(remote), remote)
  }
  for (const remote of [
    '10.0.0.1:1',
    '127.0.0.1.evil.test:1',
    '[::2]:1',
    'unknown:0',
    '',
    '127.0.0.1'
  ]) {
    t.notOk(isLoopback(remote), remote)
  }
})

t.test('an operator who has gone is passed over, too', async (t) => {
  const member = new LoneMember()
  putUser(member, 'ann')
  const ask = (password: string): AdminRequest => {
    const credentials = { user: 'ann', password }
    return { type: 'authenticate', credentials, remote: '127.0.0.1:1', mayBeStale: false }
  }
  const passwords = (): string[] => member.verifying.map(({ password }) => password)
  member.admin(ask('p1'))
  member.step([2, 3, 4].map((id) => ({ type: 'admin', id, request: ask(`p${id}`) })))
  t.same(passwords(), ['p1', 'p2'])
  member.step([
    { type: 'admin-gone', id: 1 },
    { type: 'admin-gone', id: 3 }
  ])
  member.verified(true)
  t.equal(member.answered, null, 'who is gone is told nothing')
  t.same(passwords(), ['p2', 'p4'])
  member.verified(true)
  t.match(member.answered, { type: 'identity', identity: { user: 'ann' } })
})
