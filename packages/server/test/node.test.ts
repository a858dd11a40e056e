// A whole node with a scripted member: what it tells its member, what it refuses, how it ends.
import { connect } from 'node:net'
import { HoldfastError } from '@holdfast/errors'
import { dialProbe } from '@holdfast/transport'
import t, { type Test } from 'tap'
import { loadConfiguration } from '../src/config.ts'
import type { Configuration } from '../src/config-schema.ts'
import { startNode } from '../src/node-host.ts'
import type { RunningNode } from '../src/node-parts.ts'
import {
  FakeLog,
  FakeMember,
  type FakeParts,
  FakeStore,
  fakeParts,
  recordOf,
  until
} from './fakes.ts'
import { hasSix } from './listeners/six.ts'

const identity = { clusterId: 'a'.repeat(32), node: 1, incarnation: 1 }

function configurationOf(
  data: string,
  change: Readonly<Record<string, unknown>> = {}
): Configuration {
  const any = '127.0.0.1:0'
  const flags = { data, client: any, amqp: any, peer: any, http: any, token: 'secret', ...change }
  return loadConfiguration({ flags, environment: {} })
}

async function start(
  t: Test,
  parts: FakeParts,
  change: Readonly<Record<string, unknown>> = {}
): Promise<RunningNode> {
  const node = await startNode(configurationOf(t.testdir({}), change), parts, new FakeLog().log)
  t.teardown(() => {
    node.drain()
    return node.ended
  })
  return node
}

t.test('a node tells its member who it is, the time, the disk, and its clients', async (t) => {
  const parts = fakeParts(new FakeStore(identity))
  const node = await start(t, parts)
  const { amqp, ...told } = node.addresses
  t.match(parts.settings, [{ bootstrap: null, addresses: told }])
  t.match(amqp, /^127\.0\.0\.1:[1-9]\d*$/)
  t.match(node.addresses.client, /^127\.0\.0\.1:[1-9]\d*$/)
  const { member } = parts
  await until(() => member.of('disk').length > 0 && member.of('tick').length > 1)
  t.equal(member.inputs[0]?.type, 'tick')
  const disk = member.of('disk')[0]
  t.ok((disk?.freeBytes ?? 0) > 0 && (disk?.freeBytes ?? 0) <= (disk?.totalBytes ?? 0))
  const client = connect(Number(node.addresses.client.split(':')[1]), '127.0.0.1')
  client.write('bytes')
  await until(() => member.of('client-bytes').length === 1)
  client.destroy()
  await until(() => member.of('client-down').length === 1)
})

t.test('clients come to localhost by either address, and are told one', async (t) => {
  const any = 'localhost:0'
  const parts = fakeParts(new FakeStore(identity))
  const { addresses } = await start(t, parts, { client: any, amqp: any, http: any })
  for (const address of Object.values(addresses)) t.match(address, /^127\.0\.0\.1:[1-9]\d*$/)
  const { amqp, ...told } = addresses
  t.match(parts.settings, [{ addresses: told }])
  if (!hasSix) return
  for (const address of [addresses.client, amqp, addresses.http]) {
    const socket = connect(Number(address.split(':')[1]), '::1')
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.destroy()
  }
})

t.test('a drain ends with 0, and everything is closed', async (t) => {
  const parts = fakeParts()
  const node = await start(t, parts)
  node.drain()
  t.same(await node.ended, { code: 0, reason: 'drained' })
  t.ok(parts.store.isClosed)
})

t.test('a member that does not finish draining is not waited for', async (t) => {
  const parts = fakeParts()
  const node = await start(t, parts, { shutdownTimeoutMs: 1500 })
  parts.member.answer = () => []
  node.drain()
  t.match(await node.ended, { code: 0, reason: /too long/ })
})

t.test('a failed write ends with 70', async (t) => {
  const parts = fakeParts()
  let hasWritten = false
  parts.member.answer = () => {
    if (hasWritten) return []
    hasWritten = true
    return [{ type: 'write', record: recordOf(11) }]
  }
  const node = await start(t, parts)
  await until(() => parts.store.writes.length === 1)
  parts.store.endWrite(new Error('EIO'))
  t.match(await node.ended, { code: 70, reason: /EIO/ })
})

const probe = (address: string) =>
  dialProbe({
    address,
    token: 'secret',
    tls: null,
    timeoutMs: 20_000,
    hello: {
      clusterId: null,
      node: null,
      incarnation: null,
      storeId: 's',
      processEpoch: 1,
      client: '',
      peer: '',
      http: ''
    }
  })

t.test('a new identity is told to whoever asks, once it is durable', async (t) => {
  const parts = fakeParts()
  let hasWritten = false
  const { answer } = parts.member
  parts.member.answer = (input) => {
    if (hasWritten) return answer(input)
    hasWritten = true
    return [{ type: 'write', record: recordOf(11, identity) }]
  }
  const node = await start(t, parts)
  const { amqp: _, ...told } = node.addresses
  t.match(await probe(node.addresses.peer), { clusterId: null, ...told })
  await until(() => parts.store.writes.length === 1)
  parts.store.endWrite()
  await until(() => parts.member.of('written').length === 1)
  t.match(await probe(node.addresses.peer), { ...identity, ...told })
})

t.test('a blank node bootstraps when asked to', async (t) => {
  const parts = fakeParts()
  await start(t, parts, { bootstrap: true })
  t.match(parts.settings[0]?.bootstrap?.clusterId, /^[0-9a-f]{32}$/)
})

t.test('a node of a cluster just starts, whatever it is asked', async (t) => {
  const parts = fakeParts(new FakeStore(identity))
  await start(t, parts, { bootstrap: true })
  t.equal(parts.settings[0]?.bootstrap, null)
})

t.test(
  'a bootstrap is refused where a seed is a member, not where it is blank or away',
  async (t) => {
    const blank = await start(t, fakeParts())
    const first = fakeParts()
    await start(t, first, { bootstrap: true, seed: [blank.addresses.peer, '127.0.0.1:1'] })
    t.not(first.settings[0]?.bootstrap, null)
    const member = await start(t, fakeParts(new FakeStore(identity)))
    const second = fakeParts()
    await t.rejects(start(t, second, { bootstrap: true, seed: [member.addresses.peer] }), {
      code: 'BOOTSTRAP_REFUSED',
      message: /holdfast node add/
    })
    t.ok(second.store.isClosed, 'and the directory is free again')
    const other = await start(t, fakeParts(), { token: 'another' })
    await t.rejects(start(t, fakeParts(), { bootstrap: true, seed: [other.addresses.peer] }), {
      code: 'BOOTSTRAP_REFUSED',
      message: /join token/
    })
  }
)

t.test('data of another cluster than that of a seed is refused', async (t) => {
  const member = await start(t, fakeParts(new FakeStore(identity)))
  const foreign = fakeParts(new FakeStore({ ...identity, clusterId: 'b'.repeat(32), node: 2 }))
  await t.rejects(start(t, foreign, { seed: ['127.0.0.1:1', member.addresses.peer] }), {
    code: 'DATA_DIRECTORY_FOREIGN',
    details: { found: 'b'.repeat(32), expected: identity.clusterId }
  })
  t.same(foreign.settings, [], 'no member was made')
  t.ok(foreign.store.isClosed)
  const own = fakeParts(new FakeStore({ ...identity, node: 2 }))
  await start(t, own, { seed: [member.addresses.peer] })
  t.equal(own.settings.length, 1)
})

t.test('a port in use is refused, and the directory is free again', async (t) => {
  const other = await start(t, fakeParts())
  for (const setting of ['client', 'peer', 'http'] as const) {
    const parts = fakeParts()
    await t.rejects(start(t, parts, { [setting]: other.addresses[setting] }), {
      code: 'CONFIGURATION_INVALID',
      details: { setting }
    })
    t.ok(parts.store.isClosed, setting)
  }
})

t.test('a damaged directory is set aside and the node starts blank', async (t) => {
  const parts = fakeParts()
  let opened = 0
  const log = new FakeLog()
  const storage = {
    ...parts.storage,
    open: () => {
      if (++opened === 2) return Promise.resolve(parts.store)
      const details = { directory: 'd', reason: 'a hole' }
      return Promise.reject(new HoldfastError('DATA_DAMAGED', details))
    },
    quarantine: () => Promise.resolve('/aside')
  }
  const node = await startNode(configurationOf(t.testdir({})), { ...parts, storage }, log.log)
  t.ok(log.lines.some(({ fields: { aside } }) => aside === '/aside'))
  node.drain()
  await node.ended
})

t.test('other errors of the directory are passed on', async (t) => {
  const fakes = fakeParts()
  const open = (): Promise<never> =>
    Promise.reject(new HoldfastError('DATA_DIRECTORY_IN_USE', { directory: 'd', pid: 1 }))
  const parts = { ...fakes, storage: { ...fakes.storage, open } }
  const log = new FakeLog().log
  await t.rejects(startNode(configurationOf(t.testdir({})), parts, log), {
    code: 'DATA_DIRECTORY_IN_USE'
  })
  const file = t.testdir({ file: '' })
  await t.rejects(startNode(configurationOf(`${file}/file/below`), parts, log), {
    code: 'DATA_DIRECTORY_UNUSABLE'
  })
})

t.test('a process that ends with little room left gives up the reserve of the disk', async (t) => {
  for (const freeBytes of [10 ** 12, 10 ** 7]) {
    const parts = fakeParts()
    parts.reserve.freeBytes = freeBytes
    parts.member.answer = ({ type }) =>
      type === 'disk' ? [{ type: 'exit', code: 70, reason: 'as the member says' }] : []
    const node = await start(t, parts)
    t.equal((await node.ended).code, 70)
    t.equal(parts.reserve.isReleased, freeBytes < 10 ** 8)
  }
})

t.test('links between two nodes reach their members', async (t) => {
  const one = fakeParts(new FakeStore(identity))
  const two = fakeParts(new FakeStore({ ...identity, node: 2 }), new FakeMember())
  const nodeTwo = await start(t, two)
  let hasDialled = false
  const { answer } = one.member
  one.member.answer = (input) => {
    if (input.type === 'peer-up' && input.lane === 'raft') {
      const chunks = [Buffer.from('hello')]
      return [{ type: 'peer-send', node: 2, lane: 'raft', chunks, after: null }]
    }
    if (hasDialled) return answer(input)
    hasDialled = true
    return [{ type: 'peers', peers: [{ node: 2, address: nodeTwo.addresses.peer }] }]
  }
  await start(t, one)
  // Each lane has a connection of its own: the frame may come before the other one is there.
  await until(() => two.member.of('peer-up').length === 2)
  await until(() => two.member.of('peer-frame').length === 1)
  t.equal(Buffer.from(two.member.of('peer-frame')[0]?.bytes ?? []).toString(), 'hello')
  t.equal(two.member.of('peer-up').length, 2)
})
