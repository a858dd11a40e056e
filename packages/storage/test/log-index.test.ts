// The index of a log and the table of records, against maps.

import { Random } from '@holdfast/testkit'
import t from 'tap'
import { LogIndex, Segment } from '../src/log-index.ts'
import { RecordTable } from '../src/record-table.ts'

for (const seed of [1, 2, 3]) {
  t.test(`seed ${seed}: the index does what a map does`, async (t) => {
    const random = new Random(seed)
    const index = new LogIndex(() => undefined)
    const model = new Map<number, { sequence: number; isFreed: boolean }>()
    let held = 0
    const release = (): void => {
      held -= 1
    }
    for (let step = 1; step <= 3000; step += 1) {
      const at = random.integer(1, 3000)
      const kind = random.fraction()
      if (kind < 0.7) {
        const row = { index: at, sequence: step, position: at, length: 9, checksum: 1, term: 2 }
        index.set(row, release)
        held += 1
        model.set(at, { sequence: step, isFreed: false })
      } else if (kind < 0.9) {
        index.markFreed(at, at + 50)
        for (const [key, row] of model) if (key >= at && key <= at + 50) row.isFreed = true
      } else if (kind < 0.99) {
        index.dropFreedBelow(at, release)
        for (const [key, row] of model) if (row.isFreed && key < at) model.delete(key)
      } else {
        index.dropFrom(at, release)
        for (const key of model.keys()) if (key >= at) model.delete(key)
      }
    }
    t.equal(held, model.size)
    for (let at = 0; at <= 3100; at += 1) {
      const isEqual =
        index.get(at)?.sequence === model.get(at)?.sequence &&
        index.isFreed(at) === (model.get(at)?.isFreed ?? false)
      if (!isEqual) t.fail(`index ${at} differs`)
    }
    let first = 3000
    while (model.has(first)) first -= 1
    t.equal(index.contiguousFrom(3000), first + 1)
    for (const segment of index.segments) {
      const copy = new Segment(segment.number)
      t.ok(copy.fill(segment.toBytes()))
      t.equal(copy.presentCount, segment.presentCount)
      t.equal(copy.freedCount, segment.freedCount)
    }
  })
}

t.test('bytes that are no segment are refused', async (t) => {
  t.notOk(new Segment(0).fill(new Uint8Array(30)))
  t.notOk(new Segment(0).fill(new Uint8Array(29 * 513)))
  t.ok(new Segment(0).fill(new Uint8Array(29 * 512)))
})

t.test('records die below the checkpoint only, and are handed over once', async (t) => {
  const table = new RecordTable()
  for (const sequence of [1, 2, 300, 301]) table.register(sequence, 100)
  table.retain(1)
  table.retain(2)
  table.retain(2)
  table.retain(301)
  table.release(1)
  t.equal(table.deadCount, 0)
  t.equal(table.heldBackBytes, 100)
  table.moveCheckpoint(301)
  t.same([...table.dead], [1, 300])
  table.release(2)
  t.equal(table.deadCount, 2)
  table.release(2)
  t.same(table.takeDead(2), [1, 300])
  t.equal(table.deadBytes, 100)
  t.equal(table.sizeBytes, 200)
  t.same(table.takeDead(9), [2])
  t.notOk(table.has(2))
  t.ok(table.has(301))
  const live: number[] = []
  table.forEachLive((sequence) => live.push(sequence))
  t.same(live, [301])
  t.throws(() => table.release(2), /only what is held/)
})
