// Calls of the admin API: bounded, but for the question who calls, which may be given up.
import t from 'tap'
import { AdminCalls } from '../src/admin-calls.ts'
import { serverLimits } from '../src/limits.ts'

type Told = Parameters<ConstructorParameters<typeof AdminCalls>[0]>[0]

const login = { type: 'authenticate', credentials: null, remote: 'x:1', mayBeStale: false } as const

t.test('logins that wait take no place of other calls, which are bounded', async (t) => {
  const told: Told[] = []
  const calls = new AdminCalls((input) => told.push(input))
  const many = serverLimits.adminCallsMax
  const ask = (request: typeof login | { readonly type: 'list-vhosts' }) =>
    Promise.allSettled(Array.from({ length: many }, () => calls.ask(request)))
  const logins = ask(login)
  const others = ask({ type: 'list-vhosts' })
  t.equal(told.length, 2 * many)
  await t.rejects(calls.ask({ type: 'list-vhosts' }), { code: 'UNAVAILABLE' })
  calls.answer(many + 1, { type: 'vhosts', vhosts: ['/'] })
  const next = calls.ask({ type: 'list-vhosts' })
  calls.answer(2 * many + 1, { type: 'vhosts', vhosts: ['/a'] })
  t.same(await next, { type: 'vhosts', vhosts: ['/a'] }, 'a place is free again')
  calls.refuseAll('the end')
  t.ok((await logins).every(({ status }) => status === 'rejected'))
  t.equal((await others).filter(({ status }) => status === 'fulfilled').length, 1)
  await t.rejects(calls.ask(login), { code: 'UNAVAILABLE', message: /the end/ })
})

t.test('who is gone is told of once, and only while it waits', async (t) => {
  const told: Told[] = []
  const calls = new AdminCalls((input) => told.push(input))
  const [early, late] = [new AbortController(), new AbortController()]
  const answered = calls.ask(login, late.signal)
  const waiting = calls.ask(login, early.signal)
  calls.answer(1, { type: 'done' })
  t.same(await answered, { type: 'done' })
  late.abort()
  early.abort()
  await t.rejects(waiting, { code: 'UNAVAILABLE' })
  calls.answer(2, { type: 'done' })
  await t.rejects(calls.ask(login, early.signal), { code: 'UNAVAILABLE' })
  t.same(told.slice(2), [{ type: 'admin-gone', id: 2 }])
})
