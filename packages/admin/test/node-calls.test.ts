// Calls to the node: bounded in number and in time.
import type { AdminReply } from '@holdfast/cluster'
import t from 'tap'
import { createAsk } from '../src/node-calls.ts'
import { FakePort } from './fake-port.ts'

const never = (): Promise<AdminReply> => new Promise(() => {})

t.test('an answer of the expected type is handed on', async (t) => {
  const ask = createAsk(new FakePort())
  t.same(await ask({ type: 'list-vhosts' }, 'vhosts'), { type: 'vhosts', vhosts: ['/'] })
})

t.test('an answer of another type is a broken invariant', async (t) => {
  const port = new FakePort()
  port.override = async () => ({ type: 'done' })
  await t.rejects(createAsk(port)({ type: 'list-vhosts' }, 'vhosts'), { name: 'AssertionError' })
})

t.test('a node that does not answer is unavailable', async (t) => {
  const port = new FakePort()
  port.override = never
  await t.rejects(createAsk(port, 5)({ type: 'list-vhosts' }, 'vhosts'), { code: 'UNAVAILABLE' })
})

t.test('the calls at once are bounded, and a place is free again after each', async (t) => {
  const port = new FakePort()
  const waiting: ((reply: AdminReply) => void)[] = []
  port.override = () => new Promise((resolve) => waiting.push(resolve))
  const ask = createAsk(port, 60_000, 2)
  const first = ask({ type: 'list-vhosts' }, 'vhosts')
  const second = ask({ type: 'list-vhosts' }, 'vhosts')
  await t.rejects(ask({ type: 'list-vhosts' }, 'vhosts'), { code: 'UNAVAILABLE' })
  for (const resolve of waiting) resolve({ type: 'vhosts', vhosts: [] })
  await Promise.all([first, second])
  port.override = async () => {
    throw new Error('broken')
  }
  for (let call = 0; call < 3; call++) {
    await t.rejects(ask({ type: 'list-vhosts' }, 'vhosts'), { message: 'broken' })
  }
})
