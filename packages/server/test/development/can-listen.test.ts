// Whether ports are free, at one address and at two.
import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import { canListen } from '../../src/development/can-listen.ts'
import { needsSix } from '../listeners/six.ts'

async function taken(t: Test, host: string): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  t.teardown(() => server.close())
  const bound = server.address()
  return typeof bound === 'object' ? (bound?.port ?? 0) : 0
}

t.test('a port of 127.0.0.1', async (t) => {
  const port = await taken(t, '127.0.0.1')
  t.notOk(await canListen(`127.0.0.1:${port}`))
  t.notOk(await canListen(`localhost:${port}`))
  t.ok(await canListen('127.0.0.1:0'))
  t.ok(await canListen('localhost:0'))
})

t.test('a port of ::1', needsSix, async (t) => {
  const port = await taken(t, '::1')
  t.ok(await canListen(`127.0.0.1:${port}`))
  t.notOk(await canListen(`localhost:${port}`))
})
