// Placement: full, even, and moving as little as it can.
import { Random } from '@holdfast/testkit'
import t from 'tap'
import { nodeOf, replicaOf } from '../../src/consensus/replica-id.ts'
import { placeMetadata, placeShards, type Wish } from '../../src/membership/placement.ts'

t.test('shards are spread evenly over any nodes, each at most once on a node', async (t) => {
  const random = new Random(9)
  for (let round = 0; round < 300; round += 1) {
    const nodes = random.shuffle([1, 2, 3, 4, 5, 6, 7]).slice(0, random.integer(1, 7))
    const eligible = nodes.map((node) => replicaOf(node, random.integer(1, 3)))
    const current: Wish[] = []
    for (let group = 1; group <= 16; group += 1) {
      const before = random.shuffle([1, 2, 3, 4, 5, 6, 7, 8]).slice(0, random.integer(0, 3))
      current.push({ group, replicas: before.map((node) => replicaOf(node, 1)) })
    }
    const wishes = placeShards(current, eligible, 3)
    const load = new Map(eligible.map((replica) => [replica, 0]))
    for (const { replicas } of wishes) {
      const nodes = new Set(replicas.map(nodeOf))
      const isRight = replicas.length === Math.min(3, eligible.length)
      if (!isRight || nodes.size !== replicas.length) t.fail(`round ${round}`, { replicas })
      for (const replica of replicas) load.set(replica, (load.get(replica) ?? 0) + 1)
    }
    t.ok(Math.max(...load.values()) - Math.min(...load.values()) <= 1, `round ${round}`)
    t.same(placeShards(wishes, eligible, 3), wishes, 'what is placed stays')
  }
})

t.test('a node that came back with a new disk takes the place of what it was', async (t) => {
  const [first, second, third, again] = [
    replicaOf(1, 1),
    replicaOf(2, 1),
    replicaOf(3, 1),
    replicaOf(2, 2)
  ]
  t.same(placeMetadata([first, second, third], [first, again, third], 5), [first, again, third])
  t.same(placeMetadata([first], [first, second, third], 2), [first, second])
  t.same(placeMetadata([first], [], 5), [])
})
