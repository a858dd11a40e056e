// More connections than a node serves: those over the cap are told so, those within are served.
import { eventually } from '@holdfast/testkit'
import t from 'tap'
import { startTarget } from './healthy-client.ts'
import { hello, RawClient } from './raw-client.ts'

t.setTimeout(280_000)

t.test('connections over the cap are told so, and room comes back', async (t) => {
  const target = await startTarget(t, { HOLDFAST_CONNECTIONS_MAX: '40' })
  const held: RawClient[] = []
  for (let place = 0; place < 60; place++) {
    const client = await RawClient.open('tcp', target.node.client)
    // Who says nothing is sent away after 5 s, which is another matter.
    client.write(hello())
    held.push(client)
  }
  const codes: string[] = []
  await eventually('refusals', () => held.filter((client) => client.isClosed).length >= 20)
  for (const client of held) if (client.isClosed) codes.push(await client.closingCode())
  t.ok(
    codes.every((code) => code === 'TOO_MANY_CONNECTIONS'),
    codes[0] ?? 'none'
  )
  const refused = await fetch(`http://${target.node.http}/v1/connect`, {
    headers: { connection: 'upgrade', upgrade: 'websocket' }
  }).catch(() => null)
  if (refused !== null) t.ok(refused.status >= 400)
  for (const client of held) client.destroy()
  const retry = async (): Promise<boolean> => {
    const client = await RawClient.open('tcp', target.node.client)
    client.write(hello())
    const isWelcome = (): boolean => client.frames.some(([operation]) => operation === 33)
    await eventually('an answer', () => client.isClosed || isWelcome())
    client.destroy()
    return isWelcome()
  }
  await eventually('room', retry)
  for (let round = 0; round < 5; round++) {
    const flood = await Promise.all(
      Array.from({ length: 200 }, async () => RawClient.open('tcp', target.node.client))
    )
    for (const client of flood) client.write(Buffer.from('any'))
    for (const client of flood) client.destroy()
  }
  await target.judge(t)
})
