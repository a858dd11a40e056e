// Bodies for deliveries: from memory, from a cache with a bound, from the store ahead of need, and
// from another replica where the store has damage.
import type { Entry } from '@holdfast/raft'
import t from 'tap'
import type { Core } from '../../src/core.ts'
import { limits, times } from '../../src/limits.ts'
import type { IndexRange, ReadResult } from '../../src/log-store.ts'
import { coreWith, pass } from '../part-core.ts'

const group = 3
const cacheBytesMax = 400

interface Read {
  readonly range: IndexRange
  readonly bytesMax: number
  readonly done: (results: readonly ReadResult[]) => void
}

type Fetched = (entry: Entry | null, isLost: boolean) => void

interface Node {
  readonly core: Core
  /** Entries that are in the log's memory. */
  readonly fresh: Map<number, Entry>
  readonly reads: Read[]
  /** Entries that other replicas were asked for. */
  readonly fetches: { readonly index: number; readonly done: Fetched }[]
  /** The first byte of a body, or why there is none; `arrived` may be there now. */
  get(index: number): number | 'reading' | 'lost'
  readonly arrived: number[]
  isLeading: boolean
  /** Live messages in each entry. */
  liveCount: number
}

/** A node that has applied 20 entries of 100 bytes, each filled with its index. */
function make(): Node {
  const fresh = new Map<number, Entry>()
  const reads: Read[] = []
  const fetches: Node['fetches'] = []
  const raft = { appliedIndex: 20, entry: (index: number) => fresh.get(index) ?? null }
  const core = coreWith({
    tuning: { readCacheBytesMax: cacheBytesMax },
    groups: {
      get: () => ({ raft, isLeading: node.isLeading }),
      shardHost: () => ({ machine: { liveInEntry: () => node.liveCount } })
    },
    reads: {
      entries: (_group: number, range: IndexRange, bytesMax: number, done: Read['done']) => {
        reads.push({ range, bytesMax, done })
      }
    },
    repair: {
      fetch: (_group: number, index: number, done: Fetched) => {
        fetches.push({ index, done })
      }
    }
  })
  const arrived: number[] = []
  const get: Node['get'] = (index) => {
    const data = core.bodies.get(group, index, () => arrived.push(index))
    return typeof data === 'string' ? data : (data[0] ?? 0)
  }
  const node: Node = { core, fresh, reads, fetches, get, arrived, isLeading: true, liveCount: 1 }
  return node
}

function entryOf(index: number, sizeBytes: number = 100): Entry {
  return { index, term: 1, type: 'command', data: new Uint8Array(sizeBytes).fill(index) }
}

function found(first: number, last: number): ReadResult[] {
  return Array.from({ length: last - first + 1 }, (_, i) => {
    return { type: 'entry', entry: entryOf(first + i) }
  })
}

t.test('what is in memory is not read', async (t) => {
  const { fresh, reads, get } = make()
  fresh.set(5, entryOf(5))
  t.equal(get(5), 5)
  t.same(reads, [])
})

t.test('a read goes ahead, up to what is applied and a part of the cache', async (t) => {
  const { reads, get, arrived } = make()
  t.equal(get(5), 'reading')
  t.match(reads, [{ range: { first: 5, last: 20 }, bytesMax: cacheBytesMax / 4 }])
  t.same(arrived, [])
  reads[0]?.done(found(5, 7))
  t.same(arrived, [5])
  t.same([get(5), get(6), get(7)], [5, 6, 7])
  t.equal(reads.length, 1)
})

t.test('many that wait for one body cost one read', async (t) => {
  const { reads, get, arrived } = make()
  get(5)
  get(5)
  t.equal(reads.length, 1)
  reads[0]?.done(found(5, 5))
  t.same(arrived, [5, 5])
})

t.test('the cache has a bound, and keeps what was used last', async (t) => {
  const { reads, get } = make()
  get(1)
  reads[0]?.done(found(1, 4))
  t.equal(get(1), 1)
  get(5)
  reads[1]?.done(found(5, 5))
  t.same([get(1), get(5)], [1, 5], 'used last')
  const left = [2, 3, 4].filter((index) => get(index) !== 'reading')
  t.equal(left.length, 2)
})

t.test('what was read ahead never pushes out what is waited for', async (t) => {
  const { reads, get } = make()
  get(1)
  reads[0]?.done(found(1, 12))
  t.equal(get(1), 1)
})

t.test('a body larger than the cache is handed out all the same', async (t) => {
  const { reads, get } = make()
  get(1)
  reads[0]?.done([{ type: 'entry', entry: entryOf(1, 2 * cacheBytesMax) }])
  t.equal(get(1), 1)
})

t.test('damage behind the body that is waited for does not matter yet', async (t) => {
  const { reads, fetches, get, arrived } = make()
  get(5)
  reads[0]?.done([...found(5, 5), { type: 'damaged' }, ...found(7, 7)])
  t.same(arrived, [5])
  t.equal(get(5), 5)
  t.same(fetches, [])
})

t.test('a damaged body is fetched from another replica, and said so in the log', async (t) => {
  const { core, reads, fetches, get, arrived } = make()
  get(5)
  reads[0]?.done([{ type: 'damaged' }])
  t.match(core.outputs, [{ type: 'log', level: 'error', fields: { group, index: 5 } }])
  t.equal(fetches[0]?.index, 5)
  fetches[0]?.done(entryOf(5), false)
  core.timers.tick()
  t.same(arrived, [5])
  t.equal(get(5), 5)
})

t.test('what somebody may have who does not answer is waited for', async (t) => {
  const { core, reads, fetches, get, arrived } = make()
  get(5)
  reads[0]?.done([{ type: 'damaged' }])
  fetches[0]?.done(null, false)
  core.timers.tick()
  t.same(arrived, [], 'nothing has changed yet')
  pass(core, times.balanceMs)
  core.timers.tick()
  t.same(arrived, [5])
  t.equal(get(5), 'reading', 'it is tried again')
  t.equal(core.counters.read().lostEntries, 0)
})

/** Asks for an entry, in vain. */
function search({ core, reads, fetches, get }: Node, index: number): void {
  t.equal(get(index), 'reading', 'a read may have failed that succeeds the next time')
  reads.at(-1)?.done([{ type: 'absent' }])
  fetches.at(-1)?.done(null, true)
  pass(core, times.balanceMs)
  core.timers.tick()
}

/** Asks for an entry as often as it takes until it is given up. */
function lose(node: Node, index: number): void {
  for (let count = 0; count < limits.lostSearches; count += 1) search(node, index)
}

t.test('what no replica has is lost, and looked for until somebody has it', async (t) => {
  const node = make()
  const { core, reads, fetches, get, arrived } = node
  lose(node, 5)
  t.equal(arrived.length, limits.lostSearches, 'who waits can ask again each time')
  t.equal(get(5), 'lost')
  t.equal(core.counters.read().lostEntries, 1)
  for (const there of [null, entryOf(5)]) {
    pass(core, times.balanceMs)
    core.timers.tick()
    reads.at(-1)?.done([{ type: 'absent' }])
    t.equal(arrived.length, limits.lostSearches)
    fetches.at(-1)?.done(there, there === null)
  }
  t.equal(arrived.length, limits.lostSearches + 1)
  t.equal(get(5), 5)
  t.equal(core.counters.read().lostEntries, 0)
})

t.test('what is lost is looked for in the own store, too', async (t) => {
  const node = make()
  lose(node, 5)
  t.equal(node.get(5), 'lost')
  pass(node.core, times.balanceMs)
  node.core.timers.tick()
  node.reads.at(-1)?.done(found(5, 5))
  t.equal(node.get(5), 5)
  t.equal(node.fetches.length, limits.lostSearches)
})

t.test(
  'searches of a leadership that ended do not count, nor do those that end after it',
  async (t) => {
    const node = make()
    const { core } = node
    for (let count = 1; count < limits.lostSearches; count += 1) search(node, 5)
    node.isLeading = false
    core.bodies.leadershipChanged(group)
    search(node, 5)
    node.isLeading = true
    core.bodies.leadershipChanged(group)
    lose(node, 5)
    t.equal(node.get(5), 'lost', 'as many as at first')
  }
)

t.test('what is lost is forgotten once nothing of it is to be delivered', async (t) => {
  const node = make()
  lose(node, 5)
  t.equal(node.core.counters.read().lostEntries, 1)
  node.reads.at(-1)?.done([{ type: 'absent' }])
  node.fetches.at(-1)?.done(null, true)
  const fetchCount = node.fetches.length
  node.liveCount = 0
  pass(node.core, times.balanceMs)
  node.core.timers.tick()
  t.equal(node.core.counters.read().lostEntries, 0)
  t.equal(node.fetches.length, fetchCount, 'nobody is asked for it')
})

t.test('of more than so many suspects, the one searched first is counted anew', async (t) => {
  const node = make()
  for (let index = 1; index <= limits.suspectedEntriesMax + 1; index += 1) {
    node.get(index)
    node.reads.at(-1)?.done([{ type: 'absent' }])
    node.fetches.at(-1)?.done(null, true)
  }
  for (let count = 1; count < limits.lostSearches; count += 1) search(node, 2)
  t.equal(node.get(2), 'lost')
  for (let count = 1; count < limits.lostSearches; count += 1) search(node, 1)
  t.equal(node.get(1), 'reading', 'one search is forgotten')
})
