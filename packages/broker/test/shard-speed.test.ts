// What a message costs in the shard machine: printed, not asserted, since other work shares the
// machine. The budgets are in performance.md: some tens of nanoseconds and at most 24 bytes a
// message.
import { encodeRecord } from '@holdfast/record'
import t from 'tap'
import {
  encodeCommandSection,
  encodeEntryBatch,
  encodePublishSection,
  ShardMachine
} from '../src/index.ts'

function repeated(record: Uint8Array, count: number): Uint8Array {
  const blob = new Uint8Array(record.length * count)
  for (let index = 0; index < count; index++) blob.set(record, index * record.length)
  return blob
}

function machineWithQueue(): ShardMachine {
  const machine = new ShardMachine()
  const create = encodeCommandSection({
    type: 'topology',
    upTo: 1,
    changes: [{ type: 'create-queue', cursor: 1, queue: 1, vhost: '/', name: 'q' }]
  })
  machine.apply({ index: 1, term: 1 }, encodeEntryBatch(1, [create]))
  return machine
}

const producer = new Uint8Array(16).fill(9)

/** An entry of `sections` sections with `count` messages each. */
function publishEntry(
  number: number,
  sections: number,
  count: number,
  blob: Uint8Array
): Uint8Array {
  const parts = Array.from({ length: sections }, (_, index) => {
    const firstSequence = (number + index - 1) * count + 1
    return encodePublishSection({
      gateway: { replica: 1, epoch: 1 },
      number: number + index,
      first: number + index === 1,
      producer: { id: producer, epoch: 1, firstSequence, lowestUnconfirmed: 1, first: true },
      exchange: '',
      routingKey: 'q',
      queues: [1],
      count,
      blob
    })
  })
  return encodeEntryBatch(number, parts)
}

function settleEntry(first: number, last: number): Uint8Array {
  const consumer = { session: '01', tag: 'c' }
  const ranges = [first, last, 0]
  return encodeEntryBatch(1, [
    encodeCommandSection({ type: 'settle', queue: 1, consumer, outcome: 'accepted', ranges })
  ])
}

function nanoseconds(run: () => void): number {
  const start = process.hrtime.bigint()
  run()
  return Number(process.hrtime.bigint() - start)
}

t.test('time of publishing and settling', async (t) => {
  const shapes = [
    { title: '1 section of 100 × 1 KiB', sections: 1, count: 100, bytes: 1024, entries: 300 },
    { title: '100 sections of 1 × 1 KiB', sections: 100, count: 1, bytes: 1024, entries: 300 },
    { title: '1 section of 1,000 × 100 B', sections: 1, count: 1000, bytes: 100, entries: 300 },
    { title: '1,000 sections of 1 × 100 B', sections: 1000, count: 1, bytes: 100, entries: 100 }
  ]
  for (const { title, sections, count, bytes, entries } of shapes) {
    const machine = machineWithQueue()
    const blob = repeated(encodeRecord(null, new Uint8Array(bytes)), count)
    const messages = sections * count
    const batches = Array.from({ length: entries }, (_, index) =>
      publishEntry(index * sections + 1, sections, count, blob)
    )
    let index = 1
    const publish = nanoseconds(() => {
      for (const batch of batches) machine.apply({ index: ++index, term: 1 }, batch)
    })
    t.equal(machine.queue(1)?.liveCount, entries * messages)
    const settle = nanoseconds(() => {
      for (let done = 0; done < entries * messages; done += messages) {
        machine.apply({ index: ++index, term: 1 }, settleEntry(done + 1, done + messages))
      }
    })
    t.equal(machine.queue(1)?.liveCount, 0)
    const each = entries * messages
    t.comment(
      `${title}: publish ${(publish / each).toFixed(0)} ns, settle ${(settle / each).toFixed(0)} ns`
    )
  }
})

t.test('memory and snapshots of 1,000,000 messages', async (t) => {
  const machine = machineWithQueue()
  const blob = repeated(encodeRecord(null, new Uint8Array(100)), 1000)
  const data = publishEntry(1, 1, 1000, blob)
  const used = (): number => {
    globalThis.gc?.()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const before = used()
  machine.apply({ index: 2, term: 1 }, data)
  for (let number = 2; number <= 1000; number++) {
    machine.apply({ index: number + 1, term: 1 }, publishEntry(number, 1, 1000, blob))
  }
  const perMessage = (used() - before) / 1_000_000
  t.comment(`${perMessage.toFixed(1)} bytes a message${globalThis.gc ? '' : ' (no --expose-gc)'}`)
  let written = 0
  const first = nanoseconds(() => {
    for (const { bytes } of machine.snapshot().newBlobs) written += bytes.length
  })
  t.comment(`first snapshot ${(first / 1e6).toFixed(0)} ms, ${(written / 1e6).toFixed(1)} MB`)
  machine.apply({ index: 1002, term: 1 }, settleEntry(500, 520))
  written = 0
  const second = nanoseconds(() => {
    for (const { bytes } of machine.snapshot().newBlobs) written += bytes.length
  })
  t.comment(`next one ${(second / 1e6).toFixed(1)} ms, ${(written / 1e3).toFixed(0)} kB`)
  t.ok(written < 100_000, 'a snapshot costs what has changed')
})

t.test('memory of 16,000 queues with one message each', async (t) => {
  const machine = new ShardMachine()
  const count = 16_000
  const changes = Array.from({ length: count }, (_, index) => ({
    type: 'create-queue' as const,
    cursor: index + 1,
    queue: index + 1,
    vhost: '/',
    name: `q${index}`
  }))
  globalThis.gc?.()
  const before = process.memoryUsage()
  const create = encodeCommandSection({ type: 'topology', upTo: count, changes })
  machine.apply({ index: 1, term: 1 }, encodeEntryBatch(1, [create]))
  const section = encodePublishSection({
    gateway: { replica: 1, epoch: 1 },
    number: 1,
    first: true,
    producer: null,
    exchange: 'all',
    routingKey: '',
    queues: changes.map(({ queue }) => queue),
    count: 1,
    blob: encodeRecord(null, new Uint8Array(100))
  })
  machine.apply({ index: 2, term: 1 }, encodeEntryBatch(1, [section]))
  globalThis.gc?.()
  const after = process.memoryUsage()
  const bytes = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
  t.comment(`${(bytes / count).toFixed(0)} bytes a queue`)
  const snapshot = machine.snapshot()
  t.ok(snapshot.newBlobs.length < 10, 'small items share blobs')
  machine.apply({ index: 3, term: 1 }, settleEntry(1, 1))
  const next = machine.snapshot()
  const written = next.newBlobs.reduce((sum, { bytes }) => sum + bytes.length, 0)
  t.ok(written < 10_000, `one queue of many changed: ${written} bytes`)
})
