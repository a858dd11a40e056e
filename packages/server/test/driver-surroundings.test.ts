// What a driver brings to its member from outside: the time, and whether a password is right.
import { guest, type Output } from '@holdfast/cluster'
import t from 'tap'
import { Driver } from '../src/driver.ts'
import { FakeMember, FakePorts, FakeStore, until } from './fakes.ts'

t.test('a member that may not rest for long is told the time', async (t) => {
  const member = new FakeMember()
  member.restMs = 5
  const ports = new FakePorts()
  const driver = new Driver({
    member,
    store: new FakeStore(),
    peers: ports,
    clients: ports,
    verifyPassword: async () => false,
    log: () => undefined,
    identified: () => undefined,
    condemn: () => Promise.resolve(),
    ended: () => undefined,
    nowMs: () => performance.now(),
    wallMs: () => Date.now()
  })
  t.teardown(() => driver.stop())
  driver.start()
  await until(() => member.of('tick').length > 3)
  const times = member.of('tick').map(({ nowMs }) => nowMs)
  t.same(
    times,
    times.toSorted((one, other) => one - other)
  )
})

t.test('a password is compared, and the answer is an input', async (t) => {
  let isFirst = true
  const member = new FakeMember((): readonly Output[] => {
    if (!isFirst) return []
    isFirst = false
    return [
      { type: 'verify-password', id: 1, password: 'right', hash: guest.password },
      { type: 'verify-password', id: 2, password: 'wrong', hash: guest.password },
      { type: 'verify-password', id: 3, password: 'right', hash: null }
    ]
  })
  const ports = new FakePorts()
  const driver = new Driver({
    member,
    store: new FakeStore(),
    peers: ports,
    clients: ports,
    verifyPassword: async (password, hash) => hash !== null && password === 'right',
    log: () => undefined,
    identified: () => undefined,
    condemn: () => Promise.resolve(),
    ended: () => undefined,
    nowMs: () => performance.now(),
    wallMs: () => Date.now()
  })
  t.teardown(() => driver.stop())
  driver.start()
  await until(() => member.of('password-verified').length === 3)
  t.same(
    member.of('password-verified').map(({ id, isRight }) => [id, isRight]),
    [
      [1, true],
      [2, false],
      [3, false]
    ]
  )
})
