// The offset found leaves every port of every node free, and a taken port is noticed.
import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import t from 'tap'
import { repositoryRoot } from '../src/cluster-process.ts'
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
  // The search begins there.
  const found = await findPortOffset(1, 134)
  t.ok(found > 2_400 && found < 2_400 + 8_000, `${found}`)
})

/** What a process of its own finds. */
async function foundElsewhere(start: number): Promise<number> {
  const script = `import { findPortOffset } from '@holdfast/testkit'
    console.log(await findPortOffset(3, ${start}))`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', script],
    { cwd: repositoryRoot }
  )
  return Number(stdout)
}

t.test('finds no offset that another process has found just now', async (t) => {
  const start = process.pid + 77
  const offset = await findPortOffset(3, start)
  t.equal(await findPortOffset(3, start), offset, 'the own is free as long as nobody listens')
  const found = await foundElsewhere(start)
  t.not(found, offset)
  t.ok(found > 0)
})

t.test('finds no offset whose ports for AMQP another process has for clients', async (t) => {
  // The two searches begin 25 places of 80 ports apart, and at neither end.
  const offset = await findPortOffset(3, 130)
  const found = await foundElsewhere(350)
  const portsAt = (portOffset: number): number[] =>
    [0, 1, 2].flatMap((node) => Object.values(portsOfNode(node, portOffset)))
  const taken = new Set(portsAt(offset))
  t.same(
    portsAt(found).filter((port) => taken.has(port)),
    [],
    `${offset} and ${found}`
  )
})

t.test('keeps what it has found although it looks there again', async (t) => {
  const start = process.pid + 131
  const offset = await findPortOffset(3, start)
  const server = createServer()
  const port = portsOfNode(0, offset).peer
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.not(await findPortOffset(3, start), offset)
  // Its nodes are down for a while: nobody else may come.
  await new Promise((resolve) => server.close(resolve))
  t.not(await foundElsewhere(start), offset)
})
