// Ports, directories, the token, and whether it is the first start.
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { findPortOffset, portsOfNode } from '@holdfast/testkit'
import t from 'tap'
import {
  checkPorts,
  isFirstStart,
  listening,
  loadToken,
  markBootstrapped,
  planLayout
} from '../../src/development/layout.ts'

t.test('node i has its ports at ten times i', async (t) => {
  const { nodes } = planLayout(3, '/d', 100)
  t.match(nodes[0], { client: '127.0.0.1:7772', peer: '127.0.0.1:7773', http: '127.0.0.1:7780' })
  t.match(nodes[2], { client: '127.0.0.1:7792', http: '127.0.0.1:7800', data: '/d/node-2' })
})

t.test('refuses what cannot be', async (t) => {
  for (const [count, offset] of [
    [0, 0],
    [10, 0],
    [1.5, 0],
    [3, 57_900],
    [3, -7000],
    [3, 0.5]
  ] as const) {
    t.throws(() => planLayout(count, '/d', offset), { code: 'CONFIGURATION_INVALID' })
  }
})

t.test('the token is made once, for its owner only', async (t) => {
  const directory = t.testdir({})
  const token = loadToken(directory)
  t.match(token, /^[0-9a-f]{32}$/)
  t.equal(loadToken(directory), token)
  t.equal(statSync(join(directory, 'token')).mode & 0o777, 0o600)
})

t.test('it bootstraps only when no directory can hold a cluster', async (t) => {
  const layout = planLayout(2, t.testdir({}), 0)
  const [first, second] = layout.nodes.map(({ data }) => data) as [string, string]
  t.ok(isFirstStart(layout), 'nothing is there')
  mkdirSync(first)
  writeFileSync(join(first, 'x'), '')
  t.ok(isFirstStart(layout), 'a first start that did not finish is tried again')
  markBootstrapped(layout)
  t.notOk(isFirstStart(layout))
  rmSync(first, { recursive: true })
  mkdirSync(second)
  writeFileSync(join(second, 'x'), '')
  t.notOk(isFirstStart(layout), 'node 0 lost its data, another has some')
  rmSync(second, { recursive: true })
  t.ok(isFirstStart(layout), 'all data was deleted')
  markBootstrapped(layout)
  const larger = join(layout.directory, 'node-4')
  mkdirSync(larger)
  writeFileSync(join(larger, 'x'), '')
  t.notOk(isFirstStart(layout), 'a node of an earlier, larger cluster has data')
})

t.test('a port in use is named before anything starts', async (t) => {
  const offset = await findPortOffset(1)
  const ports = portsOfNode(0, offset)
  for (const kind of ['http', 'amqp'] as const) {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(ports[kind], '127.0.0.1', resolve))
    await t.rejects(checkPorts(planLayout(1, '/d', offset)), {
      code: 'CONFIGURATION_INVALID',
      message: new RegExp(`127.0.0.1:${ports[kind]}, the ${kind} address of node 0`)
    })
    await new Promise((resolve) => server.close(resolve))
  }
})

t.test('clients find a node at both loopback addresses', async (t) => {
  t.equal(listening('127.0.0.1:7672'), 'localhost:7672')
})
