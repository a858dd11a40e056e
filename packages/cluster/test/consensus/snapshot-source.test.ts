// How a replica serves the parts of its snapshot: in bounded pieces, whole or not at all, and of
// the snapshot that it has.

import type { RetainedEntry } from '@holdfast/cluster'
import { MemoryDisk } from '@holdfast/cluster/contract'
import t from 'tap'
import { ByteReader } from '../../src/peers/byte-reader.ts'
import type { Call, CallResult } from '../../src/peers/peer-message.ts'
import { readEntry, readRetained } from '../../src/peers/raft-codec.ts'
import { blobsOf, entriesOf, fill, StoreNode, settle } from './store-nodes.ts'

const group = 1

function decode<Item>(bytes: Uint8Array, read: (reader: ByteReader) => Item): readonly Item[] {
  const reader = new ByteReader(bytes)
  const items: Item[] = []
  while (!reader.isAtEnd) items.push(read(reader))
  return items
}

/** Node 1 with a snapshot at `count`, and node 2 that has the same. */
function make(count: number): { nodes: Map<number, StoreNode>; source: StoreNode } {
  const nodes = new Map<number, StoreNode>()
  for (const node of [2, 1]) {
    const disk = new MemoryDisk()
    fill(disk, entriesOf(1, count, 2), {
      blobs: blobsOf('blob', 3),
      freed: [{ first: 3, last: 4 }]
    })
    new StoreNode(nodes, node, disk)
  }
  const source = nodes.get(1)
  if (source === undefined) throw new Error('there is a source')
  return { nodes, source }
}

function ask({ nodes, source }: ReturnType<typeof make>, call: Call): CallResult {
  const answers: CallResult[] = []
  source.serve(call, (result) => answers.push(result))
  settle(nodes)
  t.equal(answers.length, 1, 'a call is answered once')
  return answers[0] ?? { type: 'done' }
}

function indexesOf(result: CallResult): readonly number[] {
  if (result.type !== 'snapshot-entries') throw new Error(`entries, not ${result.type}`)
  return decode(result.entries, readEntry).map(({ index }) => index)
}

t.test('another snapshot than the one it has is refused', async (t) => {
  const scene = make(10)
  const type = 'snapshot-open'
  t.same(ask(scene, { type, group, index: 10, term: 2 }), {
    type: 'snapshot-opened',
    blobs: [1, 2, 3]
  })
  const refused = { type: 'error', error: { code: 'GROUP_NOT_FOUND' } }
  t.match(ask(scene, { type, group, index: 9, term: 2 }), refused)
  const ids = [3, 4]
  t.match(ask(scene, { type: 'snapshot-blobs', group, index: 10, ids }), refused, 'no such blob')
  for (const indexes of [[], [11], Array.from({ length: 1025 }, () => 1)]) {
    t.match(ask(scene, { type: 'snapshot-entries', group, index: 10, indexes }), refused)
  }
})

t.test('the list of what is retained comes in pages, each entry once', async (t) => {
  const scene = make(2100)
  const found: RetainedEntry[] = []
  let pages = 0
  for (let from: number | null = 1; from !== null; pages += 1) {
    const page = ask(scene, { type: 'snapshot-retained', group, index: 2100, from })
    if (page.type !== 'snapshot-retained') throw new Error('a page')
    found.push(...decode(page.entries, readRetained))
    from = page.next
  }
  t.equal(pages, 3)
  t.same(found, scene.source.disk.retained(group, 0, 10_000))
})

t.test('entries come until a chunk is full, and at least one', async (t) => {
  const scene = make(60)
  const call = { type: 'snapshot-entries', group, index: 60 } as const
  const answer = indexesOf(ask(scene, { ...call, indexes: [1, 2, 5, 6, 8, 9, 10, 11] }))
  t.same(answer, [1, 2, 5, 6, 8], 'a hundred bytes are five entries')
  t.same(indexesOf(ask(scene, { ...call, indexes: [7] })), [7])
})

t.test('an entry that is damaged here is fetched and repaired on the way', async (t) => {
  const scene = make(10)
  scene.source.damaged.add(5).add(6)
  const call = { type: 'snapshot-entries', group, index: 10, indexes: [5, 6, 7] } as const
  t.same(indexesOf(ask(scene, call)), [5, 6, 7])
  t.same(scene.source.damaged.size, 0)
})

t.test('what nobody has intact is said to be damaged; what is before it is sent', async (t) => {
  const scene = make(10)
  for (const node of scene.nodes.values()) node.damaged.add(7)
  const call = { type: 'snapshot-entries', group, index: 10 } as const
  t.same(indexesOf(ask(scene, { ...call, indexes: [5, 7] })), [5])
  const damaged = { type: 'error', error: { code: 'ENTRY_DAMAGED' } }
  t.match(ask(scene, { ...call, indexes: [7, 8] }), damaged)
})

t.test('a damaged blob makes the offer void, and is told to who takes snapshots', async (t) => {
  const scene = make(10)
  scene.source.damagedBlobs.add(2)
  const refused = { type: 'error', error: { code: 'GROUP_NOT_FOUND' } }
  t.match(ask(scene, { type: 'snapshot-blobs', group, index: 10, ids: [1, 2] }), refused)
  t.same(scene.source.lostBlobs, [2])
  t.match(ask(scene, { type: 'snapshot-blobs', group, index: 10, ids: [1, 3] }), {
    type: 'snapshot-blobs'
  })
})
