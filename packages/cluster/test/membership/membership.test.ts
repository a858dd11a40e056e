// Whom a node keeps links to: members; those that left, for a while, to be told, and no more of
// them than there is room for; those that it does not know yet, as long as they reach it.
import t from 'tap'
import type { Core } from '../../src/core.ts'
import { limits } from '../../src/limits.ts'
import type { Link } from '../../src/peers/peers.ts'
import { coreWith, pass } from '../part-core.ts'

const farewellMs = 10_000

/** A member of a cluster of `nodes`, which may be changed. */
function make(nodes: number[]): { core: Core; become: (nodes: number[]) => void } {
  const rowOf = (node: number) => {
    const addresses = { client: `c${node}`, peer: `p${node}`, http: `h${node}` }
    return { node, incarnation: 1, state: 'up', addresses, storeId: '' }
  }
  const membership = { nodes: nodes.map(rowOf), node: () => null, isRemoved: () => true }
  const core = coreWith({ metadata: { machine: { membership } } })
  core.identity = { clusterId: 'c'.repeat(32), node: 1, incarnation: 1 }
  const become = (nodes: number[]): void => {
    membership.nodes = nodes.map(rowOf)
    core.membership.nodesChanged()
  }
  become(nodes)
  return { core, become }
}

/** A link that a node has dialled. */
function linkFrom(core: Core, node: number, peer: string): Link {
  const hello = { ...core.options.addresses, peer, clusterId: '', node, incarnation: 1 }
  const store = { storeId: '', processEpoch: 1 }
  const way = { link: node, lane: 'raft', direction: 'in', address: '' } as const
  return core.peers.up({ type: 'peer-up', ...way, hello: { ...hello, ...store } })
}

/** The nodes that the last output asks to keep links to; null if none was said anew. */
function reached(core: Core): number[] | null {
  const lists = core.outputs.splice(0).flatMap((output) => {
    return output.type === 'peers' ? [output.peers.map(({ node }) => node)] : []
  })
  return lists.at(-1) ?? null
}

t.test('a removed node is reached for a while, and then no more', async (t) => {
  const { core, become } = make([1, 2, 3])
  t.same(reached(core), [2, 3])
  become([1, 2])
  t.same(reached(core), [2, 3])
  pass(core, farewellMs - 1)
  core.membership.tick()
  t.equal(reached(core), null)
  pass(core, 1)
  core.membership.tick()
  t.same(reached(core), [2])
})

t.test('a node that is a member again is not taken leave of', async (t) => {
  const { core, become } = make([1, 2, 3])
  become([1, 2])
  become([1, 2, 3])
  reached(core)
  pass(core, farewellMs)
  core.membership.tick()
  t.equal(reached(core), null)
})

t.test('of many removed nodes the latest are reached', async (t) => {
  const many = Array.from({ length: limits.farewellsMax + 5 }, (_, i) => i + 2)
  const { core, become } = make([1, ...many])
  become([1])
  t.same(reached(core), many.slice(5))
})

t.test('a node that is not known yet is answered as long as it is linked', async (t) => {
  const { core, become } = make([1, 2])
  core.metadata.machine.membership.isRemoved = () => false
  reached(core)
  const link = linkFrom(core, 7, 'p7')
  core.membership.linkUp(link)
  t.same(reached(core), [2, 7])
  core.membership.linkUp(linkFrom(core, 2, 'p2'))
  t.equal(reached(core), null, 'a member is reached anyway')
  become([1, 2, 7])
  t.same(reached(core), [2, 7])
  become([1, 2])
  pass(core, farewellMs)
  core.membership.tick()
  t.same(reached(core), [2, 7], 'it is linked still')
  core.peers.down(link.link)
  pass(core, farewellMs / 10)
  core.membership.tick()
  t.same(reached(core), [2])
})

t.test('a removed node that comes back is no newcomer', async (t) => {
  const { core } = make([1, 2])
  reached(core)
  core.membership.linkUp(linkFrom(core, 7, 'p7'))
  t.same(reached(core), [2, 7], 'it is reached, to be told')
  pass(core, farewellMs)
  for (const { link } of [...core.peers.links()]) core.peers.down(link)
  core.membership.tick()
  t.same(reached(core), [2])
})
