// What a follower fetches of a snapshot: each part once, whatever interrupts it, and nothing that
// it has already.
import { entryAt, MemoryDisk } from '@holdfast/cluster/contract'
import t from 'tap'
import { replicaOf } from '../../src/consensus/replica-id.ts'
import { SnapshotFetch } from '../../src/consensus/snapshot-fetch.ts'
import { times } from '../../src/limits.ts'
import { blobsOf, entriesOf, fill, StoreNode, settle, unavailable } from './store-nodes.ts'

const group = 1
const freed = [{ first: 11, last: 14 }]
/** Entries 1 to 30 but those that are freed. */
const retained = [...range(1, 10), ...range(15, 30)]

function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at)
}

function leaderDisk(blobs: string = 'blob', count: number = 9): MemoryDisk {
  const disk = new MemoryDisk()
  fill(disk, entriesOf(1, 30, 2), { blobs: blobsOf(blobs, count), freed })
  return disk
}

interface Scene {
  readonly nodes: Map<number, StoreNode>
  readonly follower: StoreNode
}

function scene(followerDisk: MemoryDisk = new MemoryDisk(), leader = leaderDisk()): Scene {
  const nodes = new Map<number, StoreNode>()
  new StoreNode(nodes, 2, leader)
  return { nodes, follower: new StoreNode(nodes, 1, followerDisk) }
}

function fetchFrom(follower: StoreNode, nodes: Scene['nodes'], node: number): SnapshotFetch {
  const meta = nodes.get(node)?.disk.groups.get(group)?.meta
  if (meta == null) throw new Error('a source has a snapshot')
  const fetch = new SnapshotFetch(follower.core, group, replicaOf(node, 1), meta, () => undefined)
  fetch.start()
  return fetch
}

function retainedOf(node: StoreNode): readonly number[] {
  return node.disk.retained(group, 0, 1000).map(({ index }) => index)
}

t.test('a blank follower gets every part once, and installs', async (t) => {
  const { nodes, follower } = scene()
  fetchFrom(follower, nodes, 2)
  settle(nodes)
  t.same(follower.asked('snapshot-blobs'), range(1, 9))
  t.same(retainedOf(follower), retained)
  t.same(follower.disk.groups.get(group)?.blobs.size, 9)
  t.same(follower.installed[0]?.retained, [
    { first: 1, last: 10 },
    { first: 15, last: 30 }
  ])
})

t.test('what the own log has is not sent, unless it is another entry', async (t) => {
  const disk = new MemoryDisk()
  fill(disk, [...entriesOf(1, 6, 1), ...entriesOf(7, 20, 2)], null)
  const { nodes, follower } = scene(disk)
  fetchFrom(follower, nodes, 2)
  settle(nodes)
  t.same(follower.asked('snapshot-entries')[0], 1)
  t.same([...new Set(follower.asked('snapshot-entries'))], [...range(1, 6), ...range(21, 30)])
  t.same(retainedOf(follower), retained)
  const [first] = follower.disk.readEntries(group, { first: 1, last: 1 }, 100)
  t.same(first, { type: 'entry', entry: entryAt(1, 2) })
})

t.test('an own entry that differs in its term alone, or in its bytes alone, is sent', async (t) => {
  const other = { ...entryAt(2, 2), data: entryAt(9, 9).data }
  for (const own of [{ ...entryAt(2, 2), term: 1 }, other]) {
    const disk = new MemoryDisk()
    const first = { ...entryAt(1, 2), term: own.term }
    fill(disk, [first, own], null)
    const { nodes, follower } = scene(disk)
    fetchFrom(follower, nodes, 2)
    settle(nodes)
    t.ok(follower.asked('snapshot-entries').includes(2))
    const [second] = follower.disk.readEntries(group, { first: 2, last: 2 }, 100)
    t.same(second, { type: 'entry', entry: entryAt(2, 2) })
  }
})

t.test('a follower that restarts at any moment goes on where it was', async (t) => {
  // The tenth write holds the last part, the eleventh installs.
  for (let writes = 1; writes < 11; writes += 1) {
    const { nodes, follower } = scene()
    fetchFrom(follower, nodes, 2)
    settle(nodes, () => follower.disk.lastRecord === writes)
    const staged = follower.disk.recover().groups[0]?.staged
    t.ok(staged, 'something is staged')
    const again = new StoreNode(nodes, 1, follower.disk)
    fetchFrom(again, nodes, 2)
    settle(nodes)
    const lacking = retained.filter((index) => !staged?.entries.some((id) => id.index === index))
    t.same([...new Set(again.asked('snapshot-entries'))], lacking, `after ${writes} writes`)
    const blobs = range(1, 9).filter((id) => staged?.blobs.includes(id) !== true)
    t.same(again.asked('snapshot-blobs'), blobs)
    t.same(retainedOf(again), retained)
    t.same(again.installed[0]?.blobs, blobsOf('blob', 9))
  }
})

t.test('of another leader the blobs are others and the entries the same', async (t) => {
  const { nodes, follower } = scene()
  new StoreNode(nodes, 3, leaderDisk('other'))
  const first = fetchFrom(follower, nodes, 2)
  settle(nodes, () => follower.asked('snapshot-entries').length > 8)
  first.abandon()
  settle(nodes)
  const before = follower.disk.recover().groups[0]?.staged?.entries ?? []
  t.ok(before.length > 3)
  follower.calls.splice(0)
  t.notOk(first.isFrom(replicaOf(3, 1), { index: 30, term: 2 }), 'the same index, another offer')
  t.ok(first.isFrom(replicaOf(2, 1), { index: 30, term: 2 }))
  fetchFrom(follower, nodes, 3)
  settle(nodes)
  t.same(follower.asked('snapshot-blobs'), range(1, 9))
  const sent = new Set(follower.asked('snapshot-entries'))
  for (const { index } of before) t.notOk(sent.has(index), `entry ${index} is not sent again`)
  t.same(follower.installed[0]?.blobs, blobsOf('other', 9))
  t.same(retainedOf(follower), retained)
})

t.test('a link that breaks costs a retry, not what was fetched', async (t) => {
  const { nodes, follower } = scene()
  const fetch = fetchFrom(follower, nodes, 2)
  let nowMs = 1
  let cuts = 0
  follower.intercept = () => {
    cuts += 1
    return cuts % 2 === 0 ? unavailable() : null
  }
  for (let round = 0; round < 200 && follower.installed.length === 0; round += 1) {
    settle(nodes)
    nowMs += times.retryMs * 4
    follower.clock.advance(nowMs, nowMs)
    fetch.tick()
  }
  t.same(retainedOf(follower), retained)
  t.equal(follower.refusals, 0)
})

t.test('what an own snapshot is about to free is not counted on', async (t) => {
  const disk = new MemoryDisk()
  fill(disk, entriesOf(1, 30, 2), null)
  const { nodes, follower } = scene(disk, leaderDisk())
  const meta = nodes.get(2)?.disk.groups.get(group)?.meta
  if (meta == null) throw new Error('the leader has a snapshot')
  const own = { ...meta, id: { index: 20, term: 2 } }
  const frees = [{ first: 1, last: 5 }]
  const taken = { group, meta: own, newBlobs: [], blobs: [], freed: frees, keepFrom: 21 }
  follower.core.commit.addSnapshot(taken)
  fetchFrom(follower, nodes, 2)
  settle(nodes)
  t.same([...new Set(follower.asked('snapshot-entries'))], range(1, 5))
  t.same(retainedOf(follower), retained)
})

t.test('an answer that is not what was asked for ends the transfer', async (t) => {
  const wrong = {
    'snapshot-blobs': { type: 'snapshot-blobs', blobs: [{ id: 77, bytes: Buffer.from('x') }] },
    'snapshot-entries': { type: 'snapshot-entries', entries: new Uint8Array(0) },
    'snapshot-open': { type: 'done' }
  } as const
  for (const [type, answer] of Object.entries(wrong)) {
    const { nodes, follower } = scene()
    follower.intercept = (_, call) => (call.type === type ? answer : null)
    fetchFrom(follower, nodes, 2)
    settle(nodes)
    t.equal(follower.refusals, 1, type)
    t.same(follower.installed, [])
  }
})

t.test('a transfer without progress is refused, one that is abandoned is silent', async (t) => {
  const { nodes, follower } = scene()
  follower.intercept = unavailable
  const fetch = fetchFrom(follower, nodes, 2)
  settle(nodes)
  follower.clock.advance(times.snapshotTransferIdleMs, 0)
  fetch.tick()
  t.equal(follower.refusals, 0)
  follower.clock.advance(times.snapshotTransferIdleMs + 1, 0)
  fetch.tick()
  t.equal(follower.refusals, 1)
  const other = fetchFrom(follower, nodes, 2)
  other.abandon()
  settle(nodes)
  follower.clock.advance(3 * times.snapshotTransferIdleMs, 0)
  other.tick()
  t.equal(follower.refusals, 1)
})
