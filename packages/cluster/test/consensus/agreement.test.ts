// Replicas tell each other what their machines are after the same entries (storage rule S13): the
// one that a quorum contradicts halts, and only that one.
import { digestVersion } from '@holdfast/broker'
import t from 'tap'
import { replicaOf } from '../../src/consensus/replica-id.ts'
import type { Core } from '../../src/core.ts'
import { limits } from '../../src/limits.ts'
import { coreWith, linkTo, sent } from '../part-core.ts'

const replicas = [1, 2, 3, 4, 5].map((node) => replicaOf(node, 1))
const every = limits.digestEntries

interface Node {
  readonly core: Core
  readonly configuration: { voters: number[]; outgoing: number[]; learners: number[] }
  /** Digest of the machine of group 5 here. */
  digest: string
  readonly halted: string[]
  /** What another node says of its machine after an entry. */
  hear(node: number, digest: string, index?: number): void
}

/** Node 1, with a replica of group 5 among as many voters. */
function make(voters: number): Node {
  const halted: string[] = []
  const configuration: Node['configuration'] = {
    voters: replicas.slice(0, voters),
    outgoing: [],
    learners: []
  }
  const group = { id: 5, raft: { configuration }, haltedReason: null as string | null }
  const core = coreWith({
    groups: {
      selfReplica: replicaOf(1, 1),
      all: () => [group],
      get: (id: number) => (id === 5 ? group : undefined),
      machine: () => ({ digest: () => node.digest }),
      halt: (_: object, reason: string) => {
        group.haltedReason = reason
        halted.push(reason)
      }
    }
  })
  const node: Node = {
    core,
    configuration,
    digest: 'good',
    halted,
    hear: (from, digest, index = every) => {
      const replica = replicaOf(from, 1)
      const type = 'machine-digest'
      const version = digestVersion
      core.agreement.heard(from, { type, version, group: 5, replica, index, digest })
      core.agreement.flush()
    }
  }
  linkTo(core, 2, 3, 4, 5)
  sent(core)
  return node
}

function apply(node: Node, index: number): void {
  node.core.agreement.applied(5, index)
  node.core.agreement.flush()
}

t.test('after so many entries all other members are told, and after no others', async (t) => {
  const node = make(3)
  node.configuration.learners.push(replicaOf(4, 1))
  apply(node, every - 1)
  t.same(sent(node.core), [])
  apply(node, 2 * every)
  const casts = sent(node.core)
  t.same(
    casts.map(({ to }) => to),
    [2, 3, 4]
  )
  const cast = { type: 'machine-digest', group: 5, index: 2 * every, digest: 'good' }
  for (const { message } of casts) t.match(message, { type: 'cast', cast })
})

t.test('the one that a quorum contradicts halts, whoever comes first', async (t) => {
  const early = make(3)
  early.digest = 'bad'
  apply(early, every)
  early.hear(2, 'good')
  t.same(early.halted, [], 'one against one')
  early.hear(3, 'good')
  t.match(early.halted, [/^after entry 10000 its machine is not what a quorum has made/])
  const late = make(3)
  late.digest = 'bad'
  late.hear(2, 'good')
  late.hear(3, 'good')
  t.same(late.halted, [])
  apply(late, every)
  t.equal(late.halted.length, 1)
  late.hear(2, 'good')
  t.equal(late.halted.length, 1, 'once')
})

t.test('others do not halt, and people are told', async (t) => {
  const node = make(3)
  apply(node, every)
  node.hear(2, 'bad')
  apply(node, 2 * every)
  node.hear(2, 'good', 2 * every)
  const logged = node.core.outputs.filter(({ type }) => type === 'log')
  t.match(logged, [{ level: 'error', message: 'replicas differ', fields: { digest: 'bad' } }])
  t.equal(logged.length, 1, 'once, not for each entry that follows')
  const three = make(5)
  three.digest = 'bad'
  apply(three, every)
  three.hear(2, 'good')
  three.hear(3, 'other')
  three.hear(4, 'good')
  t.same([node.halted, three.halted], [[], []], 'two of five are no quorum')
  three.hear(5, 'good')
  t.equal(three.halted.length, 1)
})

t.test('a learner halts as well, and learners contradict nobody', async (t) => {
  const learner = make(4)
  learner.configuration.learners.push(...learner.configuration.voters.splice(0, 1))
  learner.digest = 'bad'
  apply(learner, every)
  learner.hear(2, 'good')
  learner.hear(3, 'good')
  t.equal(learner.halted.length, 1)
  const voter = make(1)
  voter.configuration.learners.push(replicaOf(2, 1), replicaOf(3, 1))
  apply(voter, every)
  voter.hear(2, 'bad')
  voter.hear(3, 'bad')
  t.same(voter.halted, [])
})

t.test('what cannot be compared is passed over', async (t) => {
  const node = make(3)
  node.digest = 'bad'
  apply(node, 8 * every)
  const hear = (from: number, fields: object): void => {
    const place = { group: 5, replica: replicaOf(from, 1), index: 8 * every, digest: 'good' }
    const cast = { type: 'machine-digest' as const, version: digestVersion, ...place, ...fields }
    node.core.agreement.heard(from, cast)
    node.core.agreement.flush()
  }
  hear(2, {})
  hear(3, { version: digestVersion + 1 })
  hear(3, { index: 7 * every })
  hear(3, { replica: replicaOf(2, 1) })
  hear(3, { replica: replicaOf(3, 2) })
  hear(3, { group: 6 })
  hear(4, {})
  t.same(node.halted, [])
  hear(3, {})
  t.equal(node.halted.length, 1)
})

t.test('the latest entries are remembered, until the replica leaves its group', async (t) => {
  const node = make(3)
  node.digest = 'bad'
  for (let step = 1; step <= limits.digestsMax + 1; step += 1) {
    node.hear(2, 'good', step * every)
    node.hear(3, 'good', step * every)
  }
  apply(node, every)
  t.same(node.halted, [], 'the first one is forgotten')
  node.core.agreement.forget(5)
  apply(node, 3 * every)
  t.same(node.halted, [])
  node.hear(2, 'good', 4 * every)
  node.hear(3, 'good', 4 * every)
  apply(node, 4 * every)
  t.equal(node.halted.length, 1)
})
