// A segment comes back from a snapshot as it was, with whatever of it there is.
import t from 'tap'
import { ByteReader, ByteWriter } from '../../src/bytes.ts'
import { readSegment, writeSegment } from '../../src/queue/saved-segment.ts'
import { noDeadlineMs, Segment } from '../../src/queue/segment.ts'

function copyOf(segment: Segment): Segment {
  const writer = new ByteWriter()
  writeSegment(writer, segment)
  const reader = new ByteReader(writer.finish())
  const copy = readSegment(reader)
  reader.finish()
  return copy
}

/** Rows 10 … 49 of entry 7, some of them dead. */
function segmentWithGaps(): Segment {
  const segment = new Segment(10, 7)
  segment.append(
    7,
    3,
    Uint32Array.from({ length: 41 }, (_, at) => 100 + 5 * at),
    0,
    40
  )
  for (const row of [0, 5, 6, 31, 32, 39]) segment.kill(row)
  return segment
}

function rowsOf(segment: Segment): object[] {
  const rows: object[] = []
  for (let row = segment.nextLive(0); row >= 0; row = segment.nextLive(row + 1)) {
    const place = [segment.entryAt(row), segment.positionAt(row), segment.sectionAt(row)]
    const counts = [segment.attemptAt(row), segment.deliveryCountAt(row), segment.bodyAt(row)]
    const others = [segment.sizeAt(row), segment.deadlineAt(row), segment.priorityAt(row)]
    rows.push({ row, place, counts, others, isOut: segment.isOut(row) })
  }
  return rows
}

t.test('with nothing but rows', async (t) => {
  const segment = segmentWithGaps()
  const copy = copyOf(segment)
  t.same(rowsOf(copy), rowsOf(segment))
  t.same([copy.first, copy.count, copy.liveCount], [10, 40, 34])
  const { attempts, deliveryCounts, deadlines, bodies, out, priorities } = copy
  for (const part of [attempts, deliveryCounts, deadlines, bodies, out, priorities]) {
    t.equal(part, null)
  }
})

t.test('with each of the parts, and with all', async (t) => {
  const bodies = Uint32Array.from({ length: 40 }, (_, at) => at * 3)
  const priorities = Uint8Array.from({ length: 40 }, (_, at) => at * 6)
  const deadlines = Float64Array.from({ length: 40 }, (_, at) =>
    at % 2 === 0 ? 2 ** 40 + at : noDeadlineMs
  )
  const parts: readonly ((segment: Segment) => void)[] = [
    (segment) => segment.countAttempt(3, true),
    (segment) => segment.countAttempt(4, false),
    (segment) => void segment.setDeadlines(0, deadlines, 0, 40),
    (segment) => segment.setReserved(0, { bodies, priorities: null, outUpTo: 12 }, 0, 40),
    (segment) => segment.setReserved(0, { bodies: null, priorities, outUpTo: 0 }, 0, 40)
  ]
  const all = segmentWithGaps()
  for (const add of parts) {
    const segment = segmentWithGaps()
    add(segment)
    add(all)
    t.same(rowsOf(copyOf(segment)), rowsOf(segment))
  }
  t.same(rowsOf(copyOf(all)), rowsOf(all))
  t.match(rowsOf(all)[0], { row: 1, others: [5, noDeadlineMs, 6], isOut: true })
})
