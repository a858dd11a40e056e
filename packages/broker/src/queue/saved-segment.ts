// A segment as snapshots have it: what of it there is, where it begins, bitmaps, and the fields of
// live rows.
//
//   segment := first:natural firstEntry:natural count:u16 parts:u8 live bitmap [out bitmap] run*
//   run     := row* [attempt:u32*] [deliveryCount:u32*] [body:u32*] [priority:u8*]
//              [deadline:natural*]
//
// A run is as many live rows as lie side by side.
import { assert } from '@holdfast/errors'
import type { ByteReader, ByteWriter } from '../bytes.ts'
import { blankDeadlines, Segment, segmentLayout, segmentRows } from './segment.ts'

const { bitmapWords, rowWords } = segmentLayout

/** What most segments do not have, by bit: 1, 2, 4 … */
function partsOf(segment: Segment): number {
  const { attempts, deliveryCounts, deadlines, bodies, out, priorities } = segment
  const all = [attempts, deliveryCounts, deadlines, bodies, out, priorities]
  return all.reduce((bits, part, at) => bits | (part === null ? 0 : 1 << at), 0)
}

/** Makes room for them. */
function makeParts(segment: Segment, bits: number): void {
  const { capacity } = segment
  if ((bits & 1) !== 0) segment.attempts = new Uint32Array(capacity)
  if ((bits & 2) !== 0) segment.deliveryCounts = new Uint32Array(capacity)
  if ((bits & 4) !== 0) segment.deadlines = blankDeadlines(capacity)
  if ((bits & 8) !== 0) segment.bodies = new Uint32Array(capacity)
  if ((bits & 16) !== 0) segment.out = new Uint32Array(bitmapWords)
  if ((bits & 32) !== 0) segment.priorities = new Uint8Array(capacity)
}

export function writeSegment(writer: ByteWriter, segment: Segment): void {
  const { words, attempts, deliveryCounts, deadlines, bodies, out, priorities, count } = segment
  writer.natural(segment.first)
  writer.natural(segment.firstEntry)
  writer.u16(count)
  writer.u8(partsOf(segment))
  writer.words(words, 0, Math.ceil(count / 32))
  if (out !== null) writer.words(out, 0, Math.ceil(count / 32))
  segment.forEachRun((from, to) => {
    writer.words(words, bitmapWords + from * rowWords, bitmapWords + to * rowWords)
    if (attempts !== null) writer.words(attempts, from, to)
    if (deliveryCounts !== null) writer.words(deliveryCounts, from, to)
    if (bodies !== null) writer.words(bodies, from, to)
    if (priorities !== null) writer.raw(priorities.subarray(from, to))
    if (deadlines === null) return
    for (let row = from; row < to; row++) writer.natural(segment.deadlineAt(row))
  })
}

/** Dead rows stay blank. */
export function readSegment(reader: ByteReader): Segment {
  const segment = new Segment(reader.positive(), reader.natural())
  const count = reader.u16()
  assert(count >= 1 && count <= segmentRows, 'a segment holds 1 to 1,024 rows')
  const bits = reader.u8()
  segment.reserve(count)
  makeParts(segment, bits)
  segment.count = count
  const { words, attempts, deliveryCounts, deadlines, bodies, out, priorities } = segment
  reader.words(words, 0, Math.ceil(count / 32))
  if (out !== null) reader.words(out, 0, Math.ceil(count / 32))
  const beyond = count & 31
  const lastWord = words[count >>> 5] ?? 0
  assert(beyond === 0 || lastWord >>> beyond === 0, 'no row is live behind the last')
  segment.forEachRun((from, to) => {
    reader.words(words, bitmapWords + from * rowWords, bitmapWords + to * rowWords)
    if (attempts !== null) reader.words(attempts, from, to)
    if (deliveryCounts !== null) reader.words(deliveryCounts, from, to)
    if (bodies !== null) reader.words(bodies, from, to)
    priorities?.set(reader.raw(to - from), from)
    segment.liveCount += to - from
    if (deadlines === null) return
    for (let row = from; row < to; row++) deadlines[row] = reader.natural()
  })
  return segment
}
