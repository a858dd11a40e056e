// The offset found leaves every port of every node free, and a taken port is noticed.
import { createServer } from 'node:net'
import t from 'tap'
import { findPortOffset, isPortFree, portsOfNode } from '../src/free-ports.ts'

t.test('ports follow the rule of holdfast dev', async (t) => {
  t.same(portsOfNode(0, 0), {
    client: 7672,
    amqp: 5672,
    peer: 7673,
    http: 7680
  })
  t.same(portsOfNode(2, 1_000), {
    client: 8692,
    amqp: 6692,
    peer: 8693,
    http: 8700
  })
})

t.test('finds an offset with all ports free, and another once one is taken', async (t) => {
  const start = process.pid + 31
  const offset = await findPortOffset(3, start)
  t.ok(portsOfNode(2, offset).http < 32_768)
  const server = createServer()
  const port = portsOfNode(1, offset).peer
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  t.notOk(await isPortFree(port))
  t.not(await findPortOffset(3, start), offset)
})

t.test('finds no offset at which fetch would refuse to call a node', async (t) => {
  const { http } = portsOfNode(0, 2_400)
  const refused = fetch(`http://127.0.0.1:${http}`).catch((error: Error) => error.cause)
  t.match(await refused, /bad port/)
  const found = new Set<number>()
  for (let start = 0; start < 310; start += 1) found.add(await findPortOffset(1, start))
  t.ok(found.size > 100, `${found.size} found`)
  t.notOk(found.has(2_400))
})
