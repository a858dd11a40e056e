// Snapshots of the metadata machine: their cost, their bounds, and what happens when parts are
// missing or are not what they should be.
import { pack } from '@holdfast/record'
import t from 'tap'
import { type MetadataCommand, MetadataMachine, metadataLimits } from '../src/index.ts'
import { applyAll, bindQueue, createMachine, give, queue } from './metadata-fixture.ts'

function createLarge(count: number): MetadataMachine {
  const machine = createMachine()
  for (let start = 0; start < count; start += 1000) {
    const names = Array.from({ length: 1000 }, (_, index) => `queue-${start + index}`)
    applyAll(
      machine,
      names.map((name) => queue(name))
    )
    applyAll(
      machine,
      names.map((name) => bindQueue('amq.topic', name, `${name}.#`))
    )
    const upTo = (machine.appliedIndex + 1) * 4096
    give(machine, { type: 'acknowledge-outbox', groups: [{ group: 1, upTo }] })
  }
  return machine
}

function blobsOf(machine: MetadataMachine): Map<number, Uint8Array> {
  return new Map(machine.snapshot().newBlobs.map(({ id, bytes }) => [id, bytes]))
}

t.test('a snapshot writes again only what changed', async (t) => {
  const machine = createLarge(10_000)
  const started = performance.now()
  const first = machine.snapshot()
  const firstMs = performance.now() - started
  t.ok(first.newBlobs.length > 10, `${first.newBlobs.length} blobs`)
  for (const { bytes } of first.newBlobs) t.ok(bytes.length <= 1024 * 1024)
  applyAll(machine, [
    queue('one-more'),
    { type: 'delete-queue', vhost: '/', name: 'queue-7', queue: null }
  ])
  const again = performance.now()
  const second = machine.snapshot()
  t.comment(`first ${firstMs.toFixed(1)} ms, then ${(performance.now() - again).toFixed(1)} ms`)
  t.ok(second.newBlobs.length <= 5, `${second.newBlobs.length} new blobs`)
  t.ok(second.blobs.length >= first.blobs.length - 1)
  t.same(
    second.blobs,
    second.blobs.toSorted((a, b) => a - b)
  )
  const third = machine.snapshot()
  t.same(third.freed, [])
  t.equal(third.newBlobs.length, 1, 'the small state alone')
})

t.test('pages that are nearly empty are joined', async (t) => {
  const machine = createLarge(10_000)
  const before = machine.snapshot().blobs.length
  for (let start = 0; start < 10_000; start += 1000) {
    const gone: MetadataCommand[] = []
    for (let index = start; index < start + 1000; index++) {
      if (index % 100 === 0) continue
      gone.push({ type: 'delete-queue', vhost: '/', name: `queue-${index}`, queue: null })
    }
    applyAll(machine, gone)
    const upTo = (machine.appliedIndex + 1) * 4096
    give(machine, { type: 'acknowledge-outbox', groups: [{ group: 1, upTo }] })
  }
  const after = machine.snapshot()
  t.ok(after.blobs.length < before / 5, `${before} blobs became ${after.blobs.length}`)
  t.equal(machine.topology.counts.queues, 100)
})

t.test('the largest rows fit', async (t) => {
  const machine = createMachine()
  const name = '\u{1F600}'.repeat(63)
  applyAll(machine, [{ type: 'declare-vhost', vhost: name }, queue(name, name)])
  for (let key = 0; key < 40; key++) {
    const bind = bindQueue('amq.headers', name, `${key}`, { a: new Uint8Array(8000), b: key })
    t.match(give(machine, { ...bind, vhost: name }), { created: true })
  }
  const { manifest, newBlobs } = machine.snapshot()
  for (const { bytes } of newBlobs) t.ok(bytes.length <= 1024 * 1024, `${bytes.length}`)
  const blobs = new Map(newBlobs.map(({ id, bytes }) => [id, bytes]))
  t.equal(MetadataMachine.restore(manifest, blobs).hash(), machine.hash())
})

t.test('estimates are never below what a page takes', async (t) => {
  const machine = createMachine({ ...metadataLimits, snapshotPageBytes: 1 })
  const key = 'ÿ'.repeat(127)
  applyAll(machine, [
    queue('q'),
    bindQueue('amq.headers', 'q', key, { a: [1.5, -1, null, { b: true }] })
  ])
  applyAll(machine, [
    bindQueue('amq.headers', 'q', '', { 1: 2 ** 50, t: new Uint8Array(3), e: [] })
  ])
  const estimates = [...machine.topology.pages.rows()].map((row) => row.bytes)
  const { newBlobs } = machine.snapshot()
  for (const [index, estimate] of estimates.entries()) {
    const bytes = newBlobs[index]?.bytes.length ?? 0
    t.ok(bytes <= estimate, `row ${index}: ${bytes} bytes, estimated ${estimate}`)
  }
})

t.test('missing and malformed parts are refused', async (t) => {
  const machine = createLarge(1000)
  const { manifest, newBlobs } = machine.snapshot()
  const blobs = new Map(newBlobs.map(({ id, bytes }) => [id, bytes]))
  const refused = { name: /AssertionError|HoldfastError/ }
  const restore = (with_: Uint8Array, replaced: Map<number, Uint8Array>): unknown =>
    MetadataMachine.restore(with_, replaced)
  for (const id of blobs.keys()) {
    const without = new Map(blobs)
    without.delete(id)
    t.throws(() => restore(manifest, without), refused)
    for (const bytes of [
      pack(7),
      pack([7]),
      pack([[9]]),
      pack([[0, 7]]),
      pack([['x']]),
      new Uint8Array()
    ]) {
      t.throws(() => restore(manifest, new Map(blobs).set(id, bytes)), refused)
    }
  }
  for (const bad of [
    pack(1),
    pack([1, 2, 3, [], 'x']),
    pack([99, 1, 1, [], []]),
    pack([1, null, 1, [], []])
  ]) {
    t.throws(() => restore(bad, blobs), refused)
  }
})

t.test('a row whose number is something else is refused', async (t) => {
  const { manifest, newBlobs } = new MetadataMachine().snapshot()
  const id = newBlobs.at(-1)?.id ?? 0
  const facts = ['facts', null, 1, 0, 0, 9]
  const restore = (row: unknown): unknown =>
    MetadataMachine.restore(manifest, new Map([[id, pack([facts, row])]]))
  t.doesNotThrow(() => restore(['node', { node: 8 }]), 'these rows stand where they should')
  for (const notNumber of [{}, [], 'x', null]) {
    for (const row of [
      ['node', { node: notNumber }],
      ['operation', { id: notNumber }],
      ['placement', [1, notNumber]]
    ]) {
      t.throws(() => restore(row), { name: 'AssertionError' }, JSON.stringify(row))
    }
  }
})

t.test('an initial machine has a snapshot, too', async (t) => {
  const machine = new MetadataMachine()
  const { manifest } = machine.snapshot()
  const copy = MetadataMachine.restore(manifest, blobsOf(new MetadataMachine()))
  t.equal(copy.hash(), machine.hash())
  t.equal(copy.clusterId, null)
})
