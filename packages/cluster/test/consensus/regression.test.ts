// A node whose disk took back what it had acknowledged (storage rule S9): it believes the leaders
// of its groups, and gives up its data only where the others can go on without it.
import t from 'tap'
import { replicaOf } from '../../src/consensus/replica-id.ts'
import type { Core } from '../../src/core.ts'
import { times } from '../../src/limits.ts'
import type { GroupReport } from '../../src/peers/peer-message.ts'
import { coreWith, linkTo, pass } from '../part-core.ts'

const self = replicaOf(1, 1)
const replicas = [1, 2, 3].map((node) => replicaOf(node, 1))

interface Node {
  readonly core: Core
  /** The nodes that were heard lately. */
  readonly heard: Set<number>
  /** Members of group 5. */
  configuration: { voters: readonly number[]; outgoing: readonly number[] }
  /** What the leader of group 5 says. */
  report(fields: Partial<GroupReport>): void
  /** Why the data was given up, if it was. */
  condemned(): string[]
}

/** Node 1, with a replica of group 5 in term 4, among nodes 2 and 3, of which all is well. */
function make(linked: readonly number[] = [2, 3]): Node {
  const heard = new Set([2, 3])
  const raft = {
    term: 4,
    commitIndex: 100,
    lastId: { index: 100, term: 4 },
    get configuration() {
      return { learners: [], ...node.configuration }
    }
  }
  const blank = { configuration: { voters: [], outgoing: [], learners: [] } }
  const group = { id: 5, raft }
  const core = coreWith({
    contact: { isHeard: (id: number) => heard.has(id) },
    groups: {
      all: () => [group, { id: 6, raft: blank }],
      get: (id: number) => (id === 5 ? group : undefined),
      selfReplica: self
    }
  })
  linkTo(core, ...linked)
  const node: Node = {
    core,
    heard,
    configuration: { voters: replicas, outgoing: [] },
    report: (fields) => {
      const place = { group: 5, leader: 2, term: 4, commit: 100, applied: 100 }
      const members = { voters: replicas, outgoing: [], learners: [], caughtUp: [] }
      core.reports.received(2, [{ ...place, ...members, ...fields }])
    },
    condemned: () => {
      core.regression.tick()
      return core.outputs.splice(0).flatMap((output) => {
        return output.type === 'condemn' ? [output.reason] : []
      })
    }
  }
  return node
}

t.test('what the leader says is acted upon where the others are a majority', async (t) => {
  const node = make()
  t.same(node.condemned(), [])
  node.report({ regressed: [self] })
  t.match(node.condemned(), [/^entries of group 5 that were acknowledged/])
})

t.test('it goes on where a group would lose its majority', async (t) => {
  const cut = make()
  cut.report({ regressed: [self] })
  cut.heard.delete(3)
  t.same(cut.condemned(), [], 'a node that is silent')
  cut.heard.add(3)
  t.equal(cut.condemned().length, 1, 'it is back')
  const unlinked = make([2])
  unlinked.report({ regressed: [self] })
  t.same(unlinked.condemned(), [], 'a node that cannot be reached')
  const two = make()
  two.report({ regressed: [self], voters: replicas.slice(0, 2) })
  t.same(two.condemned(), [], 'two voters')
  const both = make()
  both.report({ regressed: [self, replicaOf(3, 1)] })
  t.same(both.condemned(), [], 'another one that has lost something')
})

t.test('of a group that has gone on its leader says who is in it', async (t) => {
  const grown = make()
  grown.configuration = { voters: [self], outgoing: [] }
  grown.report({ regressed: [self], commit: 200 })
  t.equal(grown.condemned().length, 1, 'this node was alone once')
  const known = make()
  known.configuration = { voters: replicas.slice(0, 2), outgoing: replicas }
  known.report({ group: 6, regressed: [] })
  known.core.regression.outlived(5)
  t.match(known.core.outputs.splice(0).at(-1), { type: 'exit' }, 'the log here is as long')
  known.report({ commit: 101 })
  known.core.regression.outlived(5)
  t.match(known.core.outputs.splice(0).at(-1), { type: 'condemn' })
  const missing = { group: 7, voters: [self, replicaOf(4, 1)] }
  known.report(missing)
  known.core.regression.outlived(5)
  t.match(known.core.outputs.splice(0).at(-1), { type: 'exit' }, 'a group that is not here yet')
  const old = make()
  old.configuration = { voters: [self], outgoing: [] }
  old.report({ commit: 200 })
  pass(old.core, 2 * times.statusRepeatMs + 1)
  old.core.regression.outlived(5)
  t.match(old.core.outputs.at(-1), { type: 'exit' }, 'it said so long ago')
})

t.test('a node that has lost its data since counts as another one', async (t) => {
  const node = make()
  const hello = { clusterId: 'c'.repeat(32), node: 3, incarnation: 2, storeId: '', processEpoch: 2 }
  const link = { link: 99, lane: 'raft', direction: 'in', address: '' } as const
  const addresses = { client: '', peer: '', http: '' }
  node.core.peers.up({ type: 'peer-up', ...link, hello: { ...hello, ...addresses } })
  node.report({ regressed: [self] })
  t.same(node.condemned(), [])
})

t.test('an earlier copy of its data is given up at once, or the process ends', async (t) => {
  const node = make()
  node.core.regression.outlived(5)
  t.match(node.core.outputs, [{ type: 'log', level: 'error' }, { type: 'condemn' }])
  const alone = make([])
  alone.core.regression.outlived(5)
  t.match(alone.core.outputs, [
    { type: 'log', level: 'error' },
    { type: 'exit', code: 70 }
  ])
})

t.test('others are not believed, nor is what was said long ago', async (t) => {
  const node = make()
  node.report({ regressed: [replicaOf(1, 2), replicaOf(2, 1)] })
  t.same(node.condemned(), [], 'another incarnation')
  node.report({ regressed: [self], term: 3 })
  t.same(node.condemned(), [], 'a leader that was deposed')
  node.report({ regressed: [self], caughtUp: null })
  t.same(node.condemned(), [], 'no leader')
  node.report({ regressed: [self], group: 7 })
  t.same(node.condemned(), [], 'a group that it does not have')
  node.heard.delete(3)
  node.report({ regressed: [self] })
  node.report({})
  node.heard.add(3)
  t.same(node.condemned(), [], 'it was taken back')
  node.report({ regressed: [self] })
  pass(node.core, 2 * times.statusRepeatMs + 1)
  t.same(node.condemned(), [])
})
