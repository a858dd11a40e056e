// Cutting batches: for a window that is nearly full, and for a resend of what has no outcome.
import { encodeRecord, recordBody, scanRecords } from '@holdfast/record'
import t from 'tap'
import { BatchList } from '../src/batch-list.ts'
import { PublishBatch } from '../src/publish-batch.ts'
import { makePromise } from '../src/publish-promise.ts'

function batchOf(firstSequence: number, count: number): PublishBatch {
  const batch = new PublishBatch('e', 'k', false, 0)
  const records = Array.from({ length: count }, (_, i) =>
    encodeRecord(null, new Uint8Array(3).fill(firstSequence + i))
  )
  let end = 0
  for (const record of records) {
    end += record.length
    batch.add(end, makePromise())
  }
  batch.blob = Buffer.concat(records)
  batch.firstSequence = firstSequence
  return batch
}

t.test('what is left of a batch keeps its numbers and its records', async (t) => {
  for (let mask = 0; mask < 64; mask++) {
    const batch = batchOf(10, 6)
    const expected: number[] = []
    for (let i = 0; i < 6; i++) {
      if ((mask & (1 << i)) === 0) expected.push(10 + i)
      else batch.takePromise(i)?.resolve()
    }
    const found: number[] = []
    for (const part of batch.remaining === 0 ? [] : batch.pendingParts()) {
      scanRecords(part.blob, part.count)
      t.equal(part.lowestUnconfirmed, part.firstSequence)
      t.equal(part.remaining, part.count)
      for (let i = 0; i < part.count; i++) {
        const start = i === 0 ? 0 : (part.ends[i - 1] ?? 0)
        t.equal(recordBody(part.blob, start)[0], part.firstSequence + i)
        found.push(part.firstSequence + i)
      }
    }
    t.strictSame(found, expected, `mask ${mask}`)
  }
})

t.test('a list finds batches by sequence, and starts over with what has no outcome', async (t) => {
  const list = new BatchList()
  for (let i = 0; i < 1_000; i++) list.add(batchOf(1 + 2 * i, 2))
  for (let i = 0; i < 1_000; i++) list.advance()
  t.equal(list.next, null)
  t.equal(list.find(1), 0)
  t.equal(list.find(2_000), 999)
  t.equal(list.find(2_001), 1_000)
  for (const batch of list.batches.slice(1, 900)) {
    batch.takePromise(0)
    batch.takePromise(1)
    list.noteAnswered()
  }
  list.sweep()
  t.equal(list.batches.length, 101, 'one that stays does not keep all behind it')
  t.equal(list.oldest?.firstSequence, 1)
  t.equal(list.next, null)
  list.batches[1]?.takePromise(0)
  list.rewind()
  t.equal(list.next?.firstSequence, 1)
  t.equal(list.batches[1]?.firstSequence, 1_802)
  const next = list.next ?? batchOf(1, 1)
  t.equal(list.split(next, 1).count, 1)
  t.equal(list.batches.length, 102)
})
