// The server behind whatever secures it, and clients that begin TLS where there is none.
import type { Server } from 'node:http'
import { HoldfastError } from '@holdfast/errors'
import t from 'tap'
import { type AdminSecurity, createAdminServer } from '../src/index.ts'
import { isTls } from '../src/security.ts'
import { exchange } from './exchange.ts'
import { FakePort } from './fake-port.ts'

t.test('what secures it gets the server, and judges requests instead of loopback', async (t) => {
  const secured: Server[] = []
  let ends = 0
  let answer: ((error: HoldfastError) => Uint8Array) | null = null
  const security: AdminSecurity = {
    secure: (server, how) => {
      secured.push(server)
      answer = how
      return () => void ends++
    },
    refuse: ({ headers }) =>
      headers.host === 'good'
        ? null
        : new HoldfastError('ORIGIN_REFUSED', { header: 'Host', value: headers.host ?? '' })
  }
  const admin = await createAdminServer({ port: new FakePort(), version: '1', security })
  t.same(secured, [admin.server])
  // Fastify would make two servers for this name, and secure one.
  t.match(await admin.listen({ host: 'localhost', port: 0 }), /^https:\/\/localhost:[1-9]\d*$/)
  const good = await admin.inject({ url: '/health/live', headers: { host: 'good' } })
  t.equal(good.status, 200)
  const bad = await admin.inject({ url: '/health/live', headers: { host: 'localhost' } })
  t.match(bad.body, /ORIGIN_REFUSED/)
  const said = Buffer.from(
    (answer as unknown as AnswerMaker)(new HoldfastError('TLS_REQUIRED', {}))
  )
  t.match(said.toString(), /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*\{"code":"TLS_REQUIRED"/)
  await admin.close()
  t.equal(ends, 1, 'handshakes that are under way end with it')
})

type AnswerMaker = (error: HoldfastError) => Uint8Array

t.test('a second server of the same address is refused, as without TLS', async (t) => {
  const security: AdminSecurity = { secure: () => () => undefined, refuse: () => null }
  const one = await createAdminServer({ port: new FakePort(), version: '1', security })
  t.teardown(() => one.close())
  const url = await one.listen({ host: '127.0.0.1', port: 0 })
  const other = await createAdminServer({ port: new FakePort(), version: '1', security })
  await t.rejects(other.listen({ host: '127.0.0.1', port: Number(new URL(url).port) }), {
    code: 'EADDRINUSE'
  })
})

t.test('a client that begins TLS at a plain port is told of in the log', async (t) => {
  const logged: object[] = []
  const log = (level: string, message: string, fields: object): void => {
    logged.push({ level, message, fields })
  }
  const admin = await createAdminServer({ port: new FakePort(), version: '1', log })
  t.teardown(() => admin.close())
  const url = await admin.listen({ host: '127.0.0.1', port: 0 })
  const hello = Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc])
  t.equal(await exchange(Number(new URL(url).port), hello), '')
  t.match(logged, [{ level: 'info', fields: { code: 'TLS_UNEXPECTED' } }])
  t.notOk(isTls(new Error('without a packet')))
})
