// A node with damaged data that cannot be spared: it waits in its place, and when the others are
// there, a blank one takes it, in the same process.
import { HoldfastError } from '@holdfast/errors'
import { findPortOffset, portsOfNode } from '@holdfast/testkit'
import t, { type Test } from 'tap'
import { loadConfiguration } from '../src/config.ts'
import { startNode } from '../src/node-host.ts'
import type { NodeParts, RunningNode } from '../src/node-parts.ts'
import { FakeLog, FakeMember, FakeStore, fakeParts, until } from './fakes.ts'

t.setTimeout(280_000)

const clusterId = 'a'.repeat(32)

/** Peers as a member hands them to its store: a list of maps in MessagePack. */
function packed(peers: readonly { readonly node: number; readonly address: string }[]): Uint8Array {
  const text = (value: string): Uint8Array =>
    Buffer.from(`\xd9${String.fromCharCode(value.length)}${value}`, 'latin1')
  const parts = peers.map(({ node, address }) =>
    Buffer.concat(
      [[0x82], text('node'), [node], text('address'), text(address)].map((part) =>
        Buffer.from(part)
      )
    )
  )
  return Buffer.concat([Buffer.from([0x90 + peers.length]), ...parts])
}

async function start(t: Test, parts: NodeParts, log: FakeLog, peer: string): Promise<RunningNode> {
  const loopback = '127.0.0.1:0'
  const own = { client: loopback, amqp: loopback, http: loopback }
  const flags = { data: t.testdir({}), ...own, peer, token: 'secret' }
  return await startNode(loadConfiguration({ flags, environment: {} }), parts, log.log)
}

async function end(node: RunningNode): Promise<void> {
  node.drain()
  await node.ended
}

t.test('it waits as damaged, and is replaced once the others are there', async (t) => {
  const other = (node: number): NodeParts =>
    fakeParts(new FakeStore({ clusterId, node, incarnation: 1 }))
  const second = await start(t, other(2), new FakeLog(), '127.0.0.1:0')
  // It comes back to its port, which nobody may have been given meanwhile.
  const { peer } = portsOfNode(0, await findPortOffset(1))
  const first = await start(t, other(3), new FakeLog(), `127.0.0.1:${peer}`)
  const peers = [second, first].map(({ addresses }, at) => ({
    node: at + 2,
    address: addresses.peer
  }))
  await end(first)
  const log = new FakeLog()
  const parts = fakeParts()
  const salvaged = new FakeStore()
  const voters = [1, 2, 3].map((node) => node * 2 ** 20 + 1)
  const configuration = { voters, outgoing: [], learners: [] }
  const groups = [{ group: 0, configuration, commit: 1 }]
  let opened = 0
  const storage = {
    ...parts.storage,
    open: () => {
      const details = { directory: 'd', reason: 'a hole' }
      if (++opened < 3) return Promise.reject(new HoldfastError('DATA_DAMAGED', details))
      return Promise.resolve(parts.store)
    },
    salvage: () => {
      const identity = { clusterId, node: 1, incarnation: 1 }
      return Promise.resolve({ identity, peers: packed(peers), groups, store: salvaged })
    },
    quarantine: () => Promise.resolve('/aside')
  }
  const node = await start(t, { ...parts, storage }, log, '127.0.0.1:0')
  const { nodes, notReadyReason } = node.status()
  t.match(
    nodes.find(({ id }) => id === 1),
    { state: 'damaged' }
  )
  t.match(notReadyReason, /a hole/)
  t.ok(log.has('the data directory is damaged, and cannot be spared'))
  t.same(parts.settings, [], 'no member is made of it')
  const third = await start(t, other(3), new FakeLog(), first.addresses.peer)
  await until(() => parts.settings.length === 1)
  t.ok(salvaged.isClosed)
  t.ok(log.lines.some(({ fields: { aside } }) => aside === '/aside'))
  for (const each of [node, second, third]) await end(each)
  t.ok(parts.store.isClosed)
})

t.test('a member whose data is condemned starts again in the same process, blank', async (t) => {
  const steps: string[] = []
  const blank = fakeParts()
  const member = new FakeMember((input) =>
    input.type === 'tick' && steps.length === 1 ? [{ type: 'condemn', reason: 'it had more' }] : []
  )
  const parts = fakeParts(new FakeStore(), member)
  const storage = {
    ...parts.storage,
    open: () => {
      steps.push('open')
      if (steps.length === 1) return Promise.resolve(parts.store)
      if (steps.at(-2) === 'quarantine') return Promise.resolve(blank.store)
      const details = { directory: 'd', reason: 'it had more' }
      return Promise.reject(new HoldfastError('DATA_DAMAGED', details))
    },
    condemn: (_directory: string, reason: string) => {
      steps.push(`condemn: ${reason}`)
      return Promise.resolve()
    },
    quarantine: () => {
      steps.push('quarantine')
      return Promise.resolve('/aside')
    }
  }
  const node = await start(t, { ...parts, storage }, new FakeLog(), '127.0.0.1:0')
  await until(() => parts.settings.length === 2)
  t.same(steps, ['open', 'condemn: it had more', 'open', 'quarantine', 'open'])
  t.ok(parts.store.isClosed)
  await end(node)
  t.ok(blank.store.isClosed)
})
