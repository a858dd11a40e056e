// Storage rule S8: an entry that is damaged here comes from a replica that has the same, and is
// written back.
import { entryAt, MemoryDisk } from '@holdfast/cluster/contract'
import { HoldfastError } from '@holdfast/errors'
import type { Entry } from '@holdfast/raft'
import t from 'tap'
import { ByteWriter, join } from '../../src/peers/byte-writer.ts'
import { errorResult } from '../../src/peers/calls.ts'
import type { CallResult } from '../../src/peers/peer-message.ts'
import { writeEntry } from '../../src/peers/raft-codec.ts'
import { entriesOf, fill, StoreNode, settle } from './store-nodes.ts'

const group = 1

function make(count: number = 3): { nodes: Map<number, StoreNode>; damaged: StoreNode } {
  const nodes = new Map<number, StoreNode>()
  for (let node = 1; node <= count; node += 1) {
    const disk = new MemoryDisk()
    fill(disk, entriesOf(1, 10, 2), { blobs: [], freed: [] })
    new StoreNode(nodes, node, disk)
  }
  const damaged = nodes.get(1)
  if (damaged === undefined) throw new Error('there is a first node')
  damaged.damaged.add(4)
  return { nodes, damaged }
}

/** What was fetched; `lost` where nobody has it. */
function fetch({ nodes, damaged }: ReturnType<typeof make>, index: number): Entry | null | 'lost' {
  const found: (Entry | null | 'lost')[] = []
  damaged.core.repair.fetch(group, index, (entry, isLost) => found.push(isLost ? 'lost' : entry))
  settle(nodes)
  t.equal(found.length, 1)
  return found[0] ?? null
}

function answerOf(entry: Entry): CallResult {
  const writer = new ByteWriter()
  writeEntry(writer, entry)
  return { type: 'entry', entry: join(writer.take()) }
}

t.test('it is written back, so that it is asked for once', async (t) => {
  const scene = make()
  t.same(fetch(scene, 4), entryAt(4, 2))
  t.equal(scene.damaged.calls.length, 1)
  t.notOk(scene.damaged.damaged.has(4), 'the store has it again')
  t.equal(scene.damaged.disk.lastRecord, 3)
})

t.test('a replica that has not the same entry is passed over', async (t) => {
  const others = [
    { ...entryAt(4, 2), data: Buffer.from('something else') },
    entryAt(4, 3),
    entryAt(5, 2)
  ]
  for (const other of others) {
    const scene = make()
    scene.damaged.intercept = (node) => (node === 2 ? answerOf(other) : null)
    t.same(fetch(scene, 4), entryAt(4, 2))
    t.equal(scene.damaged.calls.length, 2)
  }
})

t.test('where no replica has it intact, nothing is written', async (t) => {
  const scene = make()
  for (const node of scene.nodes.values()) node.damaged.add(4)
  t.equal(fetch(scene, 4), 'lost')
  t.equal(scene.damaged.disk.lastRecord, 2)
})

t.test('it is not lost as long as one replica cannot be asked', async (t) => {
  const scene = make()
  for (const node of scene.nodes.values()) node.damaged.add(4)
  const silent = errorResult(new HoldfastError('UNAVAILABLE', { reason: 'no answer in time' }))
  scene.damaged.intercept = (node) => (node === 2 ? silent : null)
  t.equal(fetch(scene, 4), null)
})

t.test('an entry that the store does not know is not written', async (t) => {
  const scene = make()
  for (const [node, { disk }] of scene.nodes) if (node > 1) fill(disk, entriesOf(11, 12, 2), null)
  t.same(fetch(scene, 11), entryAt(11, 2))
  t.equal(scene.damaged.disk.lastRecord, 2)
})

t.test('what is not committed is not served', async (t) => {
  const scene = make(2)
  const [, peer] = [...scene.nodes.values()]
  if (peer === undefined) throw new Error('there is a peer')
  peer.commitIndex = 3
  t.equal(fetch(scene, 4), null)
  peer.commitIndex = 4
  t.same(fetch(scene, 4), entryAt(4, 2))
})
