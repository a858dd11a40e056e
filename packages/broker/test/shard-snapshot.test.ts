// Snapshots: what they cost, how many blobs they keep, and what becomes of damaged ones.

import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import { encodeCommandSection, encodeEntryBatch, ShardMachine } from '../src/index.ts'
import { consumer, producer, ShardFixture } from './shard-fixture.ts'

function settle(shard: ShardFixture, first: number, last: number): void {
  const ranges = [first, last, 0]
  shard.command({ type: 'settle', queue: 1, consumer, outcome: 'accepted', ranges })
}

t.test('nothing is written when nothing has changed', async (t) => {
  const shard = new ShardFixture()
  shard.create(1)
  shard.publish(10)
  const first = shard.machine.snapshot()
  t.equal(first.newBlobs.length, 1)
  shard.command({ type: 'tick' })
  const second = shard.machine.snapshot()
  t.same(second.newBlobs, [])
  t.same(second.blobs, first.blobs)
  t.same(second.freed, [{ first: 3, last: 3 }])
})

t.test('what was in a blob that is lost is written anew, and nothing else', async (t) => {
  const shard = new ShardFixture({ limits: { blobBytes: 100 } })
  shard.create(1, 2, 3)
  shard.publish(400, { queues: [1, 2, 3] })
  const blobs = new Map<number, Uint8Array>()
  const take = (lost: ReadonlySet<number>): ReturnType<ShardMachine['snapshot']> => {
    const taken = shard.machine.snapshot(lost)
    for (const { id, bytes } of taken.newBlobs) blobs.set(id, bytes)
    return taken
  }
  const first = take(new Set())
  const [lost = 0, ...others] = first.blobs
  t.ok(others.length > 1)
  blobs.delete(lost)
  shard.command({ type: 'tick' })
  const second = take(new Set([lost]))
  t.notOk(second.blobs.includes(lost))
  t.ok(second.newBlobs.length < first.newBlobs.length)
  const restored = ShardMachine.restore(second.manifest, blobs)
  t.equal(restored.hash(), shard.machine.hash())
})

t.test('freed entries are told once, settled or without messages from the start', async (t) => {
  const shard = new ShardFixture()
  shard.create(1)
  shard.publish(2)
  shard.publish(2)
  t.same(shard.machine.snapshot().freed, [{ first: 1, last: 1 }])
  settle(shard, 1, 3)
  t.same(shard.machine.snapshot().freed, [
    { first: 2, last: 2 },
    { first: 4, last: 4 }
  ])
  settle(shard, 4, 4)
  t.same(shard.machine.snapshot().freed, [
    { first: 3, last: 3 },
    { first: 5, last: 5 }
  ])
  t.same(shard.machine.retainedEntries(), [])
})

t.test('a long life keeps few blobs, and writes what changes', async (t) => {
  const shard = new ShardFixture({ limits: { blobBytes: 20_000 } })
  shard.create(...Array.from({ length: 200 }, (_, index) => index + 1))
  shard.publish(8_000)
  let blobsMax = 0
  let writtenBytes = 0
  const blobs = new Map<number, Uint8Array>()
  for (let round = 0; round < 300; round++) {
    shard.publish(10, { queues: [1 + (round % 200)] })
    if (round % 3 === 0) settle(shard, round + 1, round + 2)
    const { newBlobs, blobs: kept } = shard.machine.snapshot()
    for (const { id, bytes } of newBlobs) {
      blobs.set(id, bytes)
      writtenBytes += bytes.length
    }
    for (const id of blobs.keys()) if (!kept.includes(id)) blobs.delete(id)
    blobsMax = Math.max(blobsMax, kept.length)
  }
  let stateBytes = 0
  for (const bytes of blobs.values()) stateBytes += bytes.length
  t.comment(`${blobsMax} blobs, ${writtenBytes} bytes written, ${stateBytes} bytes of state`)
  t.ok(blobsMax < 40, `${blobsMax} blobs`)
  t.ok(writtenBytes / 300 < 30_000, `${writtenBytes / 300} bytes a snapshot`)
  const { manifest, newBlobs } = shard.machine.snapshot()
  for (const { id, bytes } of newBlobs) blobs.set(id, bytes)
  const restored = ShardMachine.restore(manifest, blobs, { limits: { blobBytes: 20_000 } })
  t.equal(restored.hash(), shard.machine.hash())
  t.same(restored.retainedEntries(), shard.machine.retainedEntries())
})

t.test('what was restored leaves the manifest as it was, a Buffer too', async (t) => {
  const shard = new ShardFixture()
  shard.create(1)
  const { manifest, newBlobs } = shard.machine.snapshot()
  const received = Buffer.from(manifest)
  const blobs = new Map(newBlobs.map(({ id, bytes }) => [id, bytes]))
  const restored = ShardMachine.restore(received, blobs)
  const changes = [{ type: 'delete-queue', cursor: 2, queue: 1 }] as const
  const command = encodeCommandSection({ type: 'topology', upTo: 2, changes })
  const data = encodeEntryBatch(restored.timeMs, [command])
  restored.apply({ index: restored.appliedIndex + 1, term: 1 }, data)
  t.same([...received], [...manifest], 'it can be offered to the next replica')
})

t.test('tables are saved when a row changes, also where nothing else does', async (t) => {
  const random = new Random(chooseSeed())
  t.comment(`seed ${random.seed}`)
  const options = { limits: { blobBytes: 1_000, producerExpiryMs: 800 } }
  const shard = new ShardFixture(options)
  shard.create(1)
  const nextOf = new Map<number, number>()
  const blobs = new Map<number, Uint8Array>()
  let blobsKept = 0
  for (let round = 0; round < 400; round++) {
    shard.timeMs += random.below(20)
    const name = random.below(250)
    const next = nextOf.get(name) ?? 1
    const id = new Uint8Array(16).fill(name)
    nextOf.set(name, next + 2)
    const identity = producer(next, { id, first: true })
    // Now and then to a queue that is not there: a reply to remember.
    shard.publish(1, { producer: identity, queues: random.chance(0.1) ? [9] : [] })
    if (random.chance(0.1)) {
      const messages = { number: 1, first: true, queues: random.chance(0.5) ? [9] : [] }
      shard.publish(1, { ...messages, gateway: { replica: 2 + random.below(50), epoch: round } })
    }
    if (!random.chance(0.4)) continue
    const snapshot = shard.machine.snapshot()
    for (const { id: blob, bytes } of snapshot.newBlobs) blobs.set(blob, bytes)
    for (const blob of blobs.keys()) if (!snapshot.blobs.includes(blob)) blobs.delete(blob)
    blobsKept = Math.max(blobsKept, snapshot.blobs.length)
    const restored = ShardMachine.restore(snapshot.manifest, blobs, options)
    if (restored.hash() !== shard.machine.hash()) t.fail(`another state in round ${round}`)
  }
  t.ok(blobsKept > 3, `${blobsKept} blobs`)
})

t.test('counts of returned messages are saved where nothing else changes', async (t) => {
  const shard = new ShardFixture({ limits: { blobBytes: 1_000 } })
  shard.create(1)
  shard.publish(3_000)
  const first = shard.machine.snapshot()
  const ranges = [1_500, 1_500, 0]
  shard.command({ type: 'settle', queue: 1, consumer, outcome: 'released', ranges })
  const second = shard.machine.snapshot()
  const blobs = new Map([...first.newBlobs, ...second.newBlobs].map(({ id, bytes }) => [id, bytes]))
  const restored = ShardMachine.restore(second.manifest, blobs)
  t.equal(restored.queue(1)?.row(1_500)?.attempt, 1)
  t.equal(restored.hash(), shard.machine.hash())
})

t.test('blob ids start where the replica says', async (t) => {
  const shard = new ShardFixture({ firstBlobId: 500 })
  shard.create(1)
  const { manifest, newBlobs } = shard.machine.snapshot()
  t.same(
    newBlobs.map(({ id }) => id),
    [500]
  )
  const blobs = new Map(newBlobs.map(({ id, bytes }) => [id, bytes]))
  const restored = ShardMachine.restore(manifest, blobs, { firstBlobId: 900 })
  const fixture = new ShardFixture()
  fixture.machine = restored
  fixture.index = shard.index
  fixture.publish(1)
  t.ok(restored.snapshot().newBlobs.every(({ id }) => id >= 900))
})

t.test('a blob that is missing, cut or damaged fails an assertion and nothing else', async (t) => {
  const shard = new ShardFixture()
  shard.create(1, 2)
  shard.command({
    type: 'attach-consumer',
    queue: 1,
    consumer,
    prefetch: 5,
    autoAck: false,
    exclusive: false,
    priority: 3
  })
  shard.publish(4, { queues: [1, 2, 3], producer: producer(1) })
  const settled = { type: 'settle', queue: 1, consumer, ranges: [2, 2, 0] } as const
  shard.command({ ...settled, outcome: 'released' })
  const { manifest, newBlobs } = shard.machine.snapshot()
  const bytes = newBlobs[0]?.bytes ?? new Uint8Array()
  const id = newBlobs[0]?.id ?? 0
  const restore = (changedManifest: Uint8Array, blob: Uint8Array): ShardMachine =>
    ShardMachine.restore(changedManifest, new Map([[id, blob]]))
  t.equal(restore(manifest, bytes).hash(), shard.machine.hash())
  const failure = { name: 'AssertionError' }
  t.throws(() => ShardMachine.restore(manifest, new Map()), failure)
  for (let length = 0; length < bytes.length; length++) {
    t.throws(() => restore(manifest, bytes.slice(0, length)), failure)
  }
  for (let length = 0; length < manifest.length; length++) {
    t.throws(() => restore(manifest.slice(0, length), bytes), failure)
  }
  const random = new Random(chooseSeed())
  t.comment(`seed ${random.seed}`)
  for (let round = 0; round < 3_000; round++) {
    const damaged = [manifest.slice(), bytes.slice()] as const
    const part = damaged[random.below(2)] ?? bytes
    const at = random.below(part.length)
    part[at] = (part[at] ?? 0) ^ (1 << random.below(8))
    try {
      restore(...damaged)
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'AssertionError') throw error
    }
  }
})
