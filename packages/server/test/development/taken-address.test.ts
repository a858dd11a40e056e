// Which addresses are taken, of one and of two.
import { createServer } from 'node:net'
import { findPortOffset, portsOfNode } from '@holdfast/testkit'
import t, { type Test } from 'tap'
import { takenAddress } from '../../src/development/taken-address.ts'
import { needsSix } from '../listeners/six.ts'

async function taken(t: Test, host: string, wanted = 0): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(wanted, host, resolve))
  t.teardown(() => server.close())
  const bound = server.address()
  return typeof bound === 'object' ? (bound?.port ?? 0) : 0
}

t.test('127.0.0.1', async (t) => {
  const port = await taken(t, '127.0.0.1')
  t.equal(await takenAddress(`127.0.0.1:${port}`), `127.0.0.1:${port}`)
  t.equal(await takenAddress(`localhost:${port}`), `127.0.0.1:${port}`)
  t.equal(await takenAddress('127.0.0.1:0'), null)
})

t.test('::1', needsSix, async (t) => {
  // One that is free at ::1 may be somebody's at 127.0.0.1.
  const { client } = portsOfNode(0, await findPortOffset(1))
  const port = await taken(t, '::1', client)
  t.equal(await takenAddress(`127.0.0.1:${port}`), null)
  t.equal(await takenAddress(`localhost:${port}`), `[::1]:${port}`)
})
