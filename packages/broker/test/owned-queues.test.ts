// Exclusive queues by node and connection, as they come and go, and as a snapshot brings them back.
import t from 'tap'
import { MetadataMachine, type QueueOwner, replicaId } from '../src/index.ts'
import { applyAll, createMachine, exclusive, give } from './metadata-fixture.ts'

const owner = (node: number, connection: number, process = 1024): QueueOwner => {
  return { replica: replicaId(node, 1), process, connection, client: `c${connection}` }
}

/** Names by connection, of all nodes. */
function owned({ topology: { ownedQueues } }: MetadataMachine): Record<string, string[]> {
  const found: Record<string, string[]> = {}
  for (const node of ownedQueues.nodes) {
    for (const { owner, queues } of ownedQueues.of(node)) {
      const key = `${node} ${owner.process} ${owner.connection}`
      found[key] = [...queues].map(({ name }) => name)
    }
  }
  return found
}

t.test('they are found by the node and the connection that they belong to', async (t) => {
  const machine = createMachine()
  t.same(owned(machine), {})
  applyAll(machine, [
    exclusive('a', owner(1, 7)),
    exclusive('b', owner(1, 7)),
    exclusive('c', owner(1, 7, 2048)),
    exclusive('d', owner(2, 7))
  ])
  const all = { '1 1024 7': ['a', 'b'], '1 2048 7': ['c'], '2 1024 7': ['d'] }
  t.same(owned(machine), all)
  t.equal(machine.topology.ownedQueues.ofConnection(owner(1, 7)).size, 2)
  t.equal(machine.topology.ownedQueues.ofConnection(owner(1, 8)).size, 0)

  const { manifest, newBlobs } = machine.snapshot()
  const blobs = new Map(newBlobs.map(({ id, bytes }) => [id, bytes]))
  const restored = MetadataMachine.restore(manifest, blobs)
  t.same(owned(restored), all)
  t.same(restored.topology.queue('/', 'a')?.owner, owner(1, 7))

  for (const name of ['d', 'a']) give(machine, deletion(name))
  t.same(owned(machine), { '1 1024 7': ['b'], '1 2048 7': ['c'] })
  for (const name of ['b', 'c']) give(machine, deletion(name))
  t.same(owned(machine), {})
})

function deletion(name: string) {
  return { type: 'delete-queue', vhost: '/', name, queue: null } as const
}
