// The index of one queue: its segments come and go with the messages.
import t from 'tap'
import { LiveEntries } from '../../src/live-entries.ts'
import { MessageIndex } from '../../src/queue/message-index.ts'
import { noDeadlineMs } from '../../src/queue/segment.ts'

const starts = Uint32Array.from({ length: 5_001 }, (_, index) => 100 + index * 10)

function filled(...counts: number[]): { index: MessageIndex; live: LiveEntries } {
  const live = new LiveEntries()
  const index = new MessageIndex(live)
  counts.forEach((count, position) => {
    index.append(position + 1, 20, starts, 0, count)
  })
  return { index, live }
}

t.test('segments hold 1,024 rows, and each is freed when all of it is settled', async (t) => {
  const { index } = filled(5_000)
  t.same(
    index.segments.map(({ count }) => count),
    [1024, 1024, 1024, 1024, 904]
  )
  t.equal(index.settle(1025, 2048, 0, null), 1024)
  t.same(
    index.segments.map(({ first }) => first),
    [1, 2049, 3073, 4097]
  )
  t.equal(index.nextLive(1025), 2049)
  t.equal(index.row(1500), null)
  const stale: number[] = []
  t.equal(index.settle(1, 5_000, 0, stale), 3_976)
  t.same(stale, [1025, 2048])
  t.same([index.liveCount, index.bytes, index.segments.length], [0, 0, 0])
  t.equal(index.nextLive(1), null)
})

t.test('a small queue that is drained all the time uses one array', async (t) => {
  const { index } = filled(1)
  const words = index.segments[0]?.words
  for (let entry = 2; entry < 500; entry++) {
    index.settle(entry - 1, entry - 1, 0, null)
    index.append(entry, 20, starts, 0, 1)
  }
  t.equal(index.segments.length, 1)
  t.equal(index.segments[0]?.words, words)
  t.same([index.tail, index.nextLive(1)], [499, 499])
  t.same(index.row(499), {
    entry: 499,
    position: 100,
    section: 20,
    sizeBytes: 10,
    attempt: 0,
    deliveryCount: 0,
    deadlineMs: noDeadlineMs,
    priority: 0
  })
})

t.test('what is due is found wherever it is, but for what is gone', async (t) => {
  const { index } = filled(1500)
  t.equal(index.nextDue(1, Number.MAX_SAFE_INTEGER), null, 'nothing has a deadline')
  index.append(2, 20, starts, 0, 3, Float64Array.of(500, 300, 400))
  const found = (byMs: number): unknown => [1, 1502, 1503].map((from) => index.nextDue(from, byMs))
  t.same(found(299), [null, null, null])
  t.same(found(400), [1502, 1502, 1503])
  index.settle(1502, 1502, null, null)
  t.same(found(400), [1503, 1503, 1503])
  t.same(found(500), [1501, 1503, 1503])
})

t.test('attempts grow with the segment and end with it', async (t) => {
  const { index } = filled(3)
  const returned: number[] = []
  index.giveBack(2, 2, 0, true, returned, null)
  index.append(2, 20, starts, 0, 40)
  t.match(index.row(2), { attempt: 1, deliveryCount: 1 })
  t.match(index.row(43), { attempt: 0, deliveryCount: 0 })
  index.settle(1, 43, null, null)
  index.append(3, 20, starts, 0, 2)
  t.match(index.row(45), { attempt: 0, deliveryCount: 0 })
})

t.test('entries more than 2^32 apart do not share a segment', async (t) => {
  const { index, live } = filled(1)
  const far = 2 ** 32 + 1
  index.append(far, 20, starts, 0, 1)
  index.append(far + 1, 20, starts, 0, 1)
  t.same(
    [1, 2, 3].map((offset) => index.row(offset)?.entry),
    [1, far, far + 1]
  )
  t.equal(index.segments.length, 2)
  t.equal(live.count(far + 1), 1)
})

t.test('releases tell what is stale, row by row', async (t) => {
  const { index } = filled(6)
  index.settle(3, 3, 0, null)
  const returned: number[] = []
  index.giveBack(5, 5, 0, false, returned, null)
  const stale: number[] = []
  index.giveBack(1, 9, 0, true, returned, stale)
  t.same(returned, [5, 5, 1, 2, 4, 4, 6, 6])
  t.same(stale, [3, 3, 5, 5, 7, 9])
  t.match(index.row(5), { attempt: 1, deliveryCount: 0 })
})

t.test('the digest tells which messages live, whatever became of the others', async (t) => {
  const { index } = filled(3_000)
  index.settle(4, 2_999, 0, null)
  const other = filled(3_000).index
  const before = other.digest
  t.not(index.digest, before)
  for (let offset = 2_999; offset > 3; offset--) other.settle(offset, offset, 0, null)
  t.equal(other.digest, index.digest, 'settled in another order')
  index.giveBack(2, 2, 0, false, [], null)
  t.not(index.digest, other.digest, 'one has gone back')
  other.giveBack(2, 2, 0, true, [], null)
  t.not(index.digest, other.digest, 'and counts towards a limit')
  other.settle(1, 1, 0, null)
  other.settle(2, 2, 1, null)
  index.settle(1, 3, null, null)
  t.not(other.digest, index.digest, 'the third one lives')
  other.clear()
  index.clear()
  t.same([index.digest, other.digest], [0, 0])
})

t.test('clearing frees everything and keeps the offsets', async (t) => {
  const { index, live } = filled(10, 2_000)
  t.equal(index.clear(), 2_010)
  t.same([index.liveCount, index.bytes, index.tail, live.ranges()], [0, 0, 2_010, []])
})
