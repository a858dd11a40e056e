// The slow walk through what is retained: what is damaged is repaired, and who differs from the
// majority stops.
import { entryAt, MemoryDisk } from '@holdfast/cluster/contract'
import type { Entry } from '@holdfast/raft'
import t from 'tap'
import { limits, times } from '../../src/limits.ts'
import { entriesOf, fill, StoreNode, settle } from './store-nodes.ts'

/** Nodes of which the first has rested since it started. */
function make(...logs: readonly (readonly Entry[])[]): StoreNode[] {
  const nodes = new Map<number, StoreNode>()
  const made = logs.map((entries, at) => {
    const disk = new MemoryDisk()
    fill(disk, entries, { blobs: [], freed: [] })
    return new StoreNode(nodes, at + 1, disk)
  })
  made[0]?.core.scrubber.tick()
  made[0]?.clock.advance(times.scrubRestMs, 0)
  return made
}

/** Lets so many looks of the first node's scrubber pass. */
function walk(nodes: readonly StoreNode[], looks: number): void {
  const [first] = nodes
  const all = new Map(nodes.map((node, at) => [at + 1, node]))
  for (let look = 0; look < looks; look++) {
    if (first === undefined) return
    first.clock.advance(first.clock.nowMs + times.scrubMs, 0)
    first.core.scrubber.tick()
    settle(all)
  }
}

const good = entriesOf(1, 10, 2)
const other = (index: number): readonly Entry[] =>
  good.map((entry) =>
    entry.index === index ? { ...entryAt(index, 2), data: Buffer.from('x') } : entry
  )

t.test('a damaged entry that nobody reads is found and repaired', async (t) => {
  const nodes = make(good, good, good)
  nodes[0]?.damaged.add(4)
  walk(nodes, 3)
  t.same(nodes[0]?.damaged.size, 0)
  t.equal(nodes[0]?.halted, null)
})

t.test(
  'a replica that differs from a majority halts; one that a minority differs from does not',
  async (t) => {
    const wrong = make(other(5), good, good)
    walk(wrong, 3)
    t.match(wrong[0]?.halted, /entry 5 is not what a majority has/)
    const right = make(good, other(5), good)
    walk(right, 3)
    t.equal(right[0]?.halted, null)
    const pair = make(other(5), good)
    walk(pair, 3)
    t.equal(pair[0]?.halted, null, 'of two, nobody knows who is right')
  }
)

t.test('it pauses while much is written, and rests after a walk', async (t) => {
  const nodes = make(good, good, good)
  const [first] = nodes
  const compared = (): number =>
    first?.calls.filter(({ type }) => type === 'compare-entries').length ?? 0
  if (first !== undefined) first.core.counters.commitBytes += limits.scrubQuietBytes + 1
  walk(nodes, 1)
  t.equal(compared(), 0)
  walk(nodes, 20)
  t.equal(compared(), 2, 'each of the two others, once')
  first?.clock.advance(first.clock.nowMs + times.scrubRestMs, 0)
  walk(nodes, 4)
  t.equal(compared(), 4)
})

t.test('a node that has just started has better things to do', async (t) => {
  const nodes = new Map<number, StoreNode>()
  const disk = new MemoryDisk()
  fill(disk, good, { blobs: [], freed: [] })
  const node = new StoreNode(nodes, 1, disk)
  node.damaged.add(4)
  walk([node], 20)
  t.same(node.damaged, new Set([4]))
})

t.test('it walks to the end of a group of which little fits into one look', async (t) => {
  const sizeBytes = limits.scrubBytes / 4
  const large = good.map(({ index }) => entryAt(index, 2, sizeBytes))
  const nodes = make(large, large, large)
  for (const { index } of large) nodes[0]?.damaged.add(index)
  walk(nodes, 1)
  t.same(nodes[0]?.damaged, new Set([5, 6, 7, 8, 9, 10]))
  walk(nodes, 1)
  t.same(nodes[0]?.damaged, new Set([9, 10]))
  walk(nodes, 1)
  t.same(nodes[0]?.damaged, new Set())
})
