// What a driver brings to its member from outside: the time, and whether a password is right.
import { guest, type Output } from '@holdfast/cluster'
import t from 'tap'
import { Driver } from '../src/driver.ts'
import { FakeMember, FakePorts, FakeStore, until } from './fakes.ts'

function startDriver(t: { teardown(end: () => void): void }, member: FakeMember): Driver {
  const ports = new FakePorts()
  const driver = new Driver({
    member,
    store: new FakeStore(),
    peers: ports,
    clients: ports,
    passwords: { isRemembered: () => false, verify: async () => false },
    log: () => undefined,
    identified: () => undefined,
    condemn: () => Promise.resolve(),
    ended: () => undefined,
    nowMs: () => performance.now(),
    wallMs: () => Date.now()
  })
  t.teardown(() => driver.stop())
  driver.start()
  return driver
}

t.test('a member that may not rest for long is told the time', async (t) => {
  const member = new FakeMember()
  member.restMs = 5
  startDriver(t, member)
  await until(() => member.of('tick').length > 3)
  const times = member.of('tick').map(({ nowMs }) => nowMs)
  t.same(
    times,
    times.toSorted((one, other) => one - other)
  )
})

t.test('a rest that became shorter ends sooner', async (t) => {
  const member = new FakeMember()
  member.restMs = 100_000
  const driver = startDriver(t, member)
  await until(() => member.steps.length === 1)
  member.restMs = 5
  driver.input({ type: 'drain' })
  await until(() => member.steps.length > 3)
  t.same(member.steps.slice(0, 4), [1, 2, 1, 1], 'the time alone, after the input')
})

type Asked = Extract<Output, { type: 'verify-password' }>

const ask = (id: number, password: string, effort: Asked['effort']): Asked => ({
  type: 'verify-password',
  id,
  password,
  hash: guest.password,
  effort
})

t.test('a password is recalled or compared, and the answer is an input', async (t) => {
  let isFirst = true
  const member = new FakeMember((): readonly Output[] => {
    if (!isFirst) return []
    isFirst = false
    return [
      ask(1, 'right', 'recall'),
      ask(2, 'recalled', 'recall'),
      ask(3, 'right', 'compare'),
      ask(4, 'wrong', 'compare'),
      { ...ask(5, 'right', 'compare'), hash: null },
      ask(6, 'broken', 'compare')
    ]
  })
  const ports = new FakePorts()
  const driver = new Driver({
    member,
    store: new FakeStore(),
    peers: ports,
    clients: ports,
    passwords: {
      isRemembered: (password) => password === 'recalled',
      verify: async (password, hash) => {
        if (password === 'broken') throw new Error('it does not work')
        return hash !== null && password === 'right'
      }
    },
    log: () => undefined,
    identified: () => undefined,
    condemn: () => Promise.resolve(),
    ended: () => undefined,
    nowMs: () => performance.now(),
    wallMs: () => Date.now()
  })
  t.teardown(() => driver.stop())
  driver.start()
  await until(() => member.of('password-verified').length === 6)
  t.same(
    member.of('password-verified').map(({ id, isRight }) => [id, isRight]),
    [
      [1, false],
      [2, true],
      [3, true],
      [4, false],
      [5, false],
      [6, false]
    ]
  )
})
