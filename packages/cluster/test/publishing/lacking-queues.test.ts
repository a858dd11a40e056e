// Queues that a shard lacks: noticed by its leader when it begins to lead and when somebody asks,
// for as long as they are not there, and told from those that were deleted.
import t from 'tap'
import type { Core } from '../../src/core.ts'
import { limits, times } from '../../src/limits.ts'
import { coreWith, pass } from '../part-core.ts'

const group = 3
const lastCursor = 100_000

interface Leader {
  readonly core: Core
  /** Queues by id that the metadata of this node knows, and their shards. */
  readonly known: Map<number, number>
  /** Queues that the shard has. */
  readonly there: Set<number>
  look(): void
  lacking(): readonly number[]
}

/** Node 1, which has queues 7 and 8 in shard 3. */
function make(): Leader {
  const known = new Map([
    [7, group],
    [8, group],
    [9, 4]
  ])
  const there = new Set([7, 8])
  const describe = (id: number): object | null => {
    const shard = known.get(id)
    return shard === undefined ? null : { id, group: shard }
  }
  const topology = { queueById: describe, queues: () => [...known.keys()].map(describe) }
  const host = { machine: { queue: (id: number) => (there.has(id) ? {} : undefined) } }
  const core = coreWith({
    metadata: { machine: { topology, lastCursor } },
    groups: { shardHost: () => host }
  })
  const look = (): void => {
    pass(core, times.statusMs)
    core.lackingQueues.tick()
  }
  return { core, known, there, look, lacking: () => core.lackingQueues.of(group) }
}

t.test('who begins to lead compares, and looks on until nothing is lacking', async (t) => {
  const leader = make()
  const { core, there, look, lacking } = leader
  there.delete(7)
  look()
  t.same(lacking(), [], 'not led here')
  core.lackingQueues.leadershipChanged(group, true)
  look()
  t.same(lacking(), [7])
  there.delete(8)
  look()
  t.same(lacking(), [7, 8])
  there.add(7).add(8)
  look()
  t.same(lacking(), [])
  there.delete(7)
  look()
  t.same(lacking(), [], 'nothing gives reason to look')
})

t.test('a queue that somebody asks for and that is not there is looked for', async (t) => {
  const { core, there, look, lacking } = make()
  there.delete(7)
  t.ok(core.lackingQueues.isToCome(group, 7))
  look()
  t.same(lacking(), [7])
  core.lackingQueues.leadershipChanged(group, false)
  t.same(lacking(), [], 'it is another leader’s to say')
})

t.test('a queue that the metadata does not know was deleted, or is newer', async (t) => {
  const { core, known, there, look, lacking } = make()
  there.delete(7)
  known.delete(7)
  t.notOk(core.lackingQueues.isToCome(group, 7))
  t.notOk(core.lackingQueues.isToCome(group, 9), 'it is in another shard')
  t.ok(core.lackingQueues.isToCome(group, lastCursor + 1), 'this node has yet to hear of it')
  look()
  t.same(lacking(), [])
})

t.test('not more are told at once than are created at once', async (t) => {
  const { core, known, look, lacking } = make()
  for (let id = 10; id < 10 + limits.lackingQueuesMax; id += 1) known.set(id, group)
  known.set(1_000_000, group)
  core.lackingQueues.leadershipChanged(group, true)
  look()
  t.equal(lacking().length, limits.lackingQueuesMax)
})
