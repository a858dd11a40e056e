// The shard machine against the reference, entry by entry; and against itself: a snapshot at any
// index and the entries behind it give what the full log gives.

import { chooseSeed, Random } from '@holdfast/testkit'
import t, { type Test } from 'tap'
import {
  consumerId,
  isReserving,
  type MachineSnapshot,
  noDeadlineMs,
  type QueueView,
  readSectionHeader,
  ShardMachine
} from '../src/index.ts'
import { isOverfull } from './reference-length.ts'
import { ReferenceShard } from './reference-shard.ts'
import type { ReferenceQueue } from './reference-types.ts'
import { termOf, Workload } from './shard-workload.ts'

const limits = {
  producersMax: 4,
  producerExpiryMs: 1_500,
  gatewayExpiryMs: 6_000,
  closingMs: 200,
  blobBytes: 2_000
}
const options = { group: 7, limits }

/** What a store keeps of a replica: entries and blobs. */
class Store {
  readonly log: Uint8Array[] = []
  readonly entries: Set<number> = new Set()
  readonly blobs: Map<number, Uint8Array> = new Map()

  save(snapshot: MachineSnapshot): void {
    for (const { id, bytes } of snapshot.newBlobs) {
      if (this.blobs.has(id)) throw new Error('a blob id was used again')
      this.blobs.set(id, bytes)
    }
    const kept = new Set(snapshot.blobs)
    for (const id of this.blobs.keys()) if (!kept.has(id)) this.blobs.delete(id)
    for (const { first, last } of snapshot.freed) {
      for (let entry = first; entry <= last; entry++) {
        if (!this.entries.delete(entry)) throw new Error(`entry ${entry} was freed twice`)
      }
    }
  }
}

function expandRanges(ranges: readonly { first: number; last: number }[]): number[] {
  return ranges.flatMap(({ first, last }) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index)
  )
}

function compare(t: Test, machine: ShardMachine, reference: ReferenceShard, store: Store): void {
  const problem = (sentence: string, details: object): void => {
    t.fail(sentence, details)
  }
  const ids = machine.queues().map(({ id }) => id)
  const expectedIds = [...reference.queues.keys()].sort((a, b) => a - b)
  if (`${ids}` !== `${expectedIds}`) problem('other queues', { ids, expectedIds })
  const live = new Set<number>()
  for (const expected of reference.queues.values()) {
    const queue = machine.queue(expected.id)
    if (queue === undefined) {
      problem('a queue is missing', { id: expected.id })
      return
    }
    let bytes = 0
    let before = 0
    for (const message of expected.messages.sort((a, b) => a.offset - b.offset)) {
      const row = queue.row(message.offset)
      const next = queue.nextLive(before + 1)
      if (next !== message.offset) problem('another next', { next, expected: message.offset })
      before = message.offset
      bytes += message.record.length
      live.add(message.entry)
      if (row === null) {
        problem('a message is missing', { offset: message.offset })
        return
      }
      const same =
        row.attempt === message.attempt &&
        row.deliveryCount === message.deliveryCount &&
        row.deliveryCount <= (expected.settings.deliveryLimit ?? row.deliveryCount) &&
        row.entry === message.entry &&
        row.sizeBytes === message.record.length &&
        row.deadlineMs === Math.min(message.deadlineMs, noDeadlineMs) &&
        row.priority === message.priority &&
        (!isReserving(expected.settings) || queue.isOut(message.offset) === message.isOut)
      if (!same) problem('another row', { row, message })
    }
    if (queue.nextLive(before + 1) !== null) problem('a message too many', { before })
    if (isOverfull(expected)) problem('longer than its limit', { expected })
    compareDead(problem, queue, expected)
    for (const { message } of expected.dead) live.add(message.entry)
    const same =
      queue.liveCount === expected.messages.length &&
      queue.bytes === bytes &&
      queue.tail === expected.tail &&
      queue.mark === expected.mark &&
      queue.consumers.size === expected.consumers.length &&
      queue.isOver === expected.isOver &&
      queue.activation === expected.activation &&
      queue.active === (expected.active === null ? null : consumerId(expected.active.key))
    if (!same) {
      const { isOver, active, activation, tail, mark, closingUntilMs } = queue
      const is = { isOver, active, activation, tail, mark, closingUntilMs }
      problem('another queue', { is, expected: { ...expected, messages: null } })
    }
    const keys = expected.consumers.map(({ key }) => `${key.session}/${key.tag}`)
    if (`${[...queue.consumers.keys()]}` !== `${keys}`) problem('other consumers', { keys })
  }
  const retained = expandRanges(machine.retainedEntries())
  const expectedRetained = [...live].sort((a, b) => a - b)
  if (`${retained}` !== `${expectedRetained}`) problem('other retained entries', { retained })
  for (const entry of retained) if (!store.entries.has(entry)) problem('freed too early', { entry })
}

function compareDead(
  problem: (sentence: string, details: object) => void,
  { dead }: QueueView,
  expected: ReferenceQueue
): void {
  let [next, bytes] = [1, 0]
  for (const { number, message, reason, timeMs } of expected.dead) {
    const letter = dead.next(next)
    const same =
      letter?.number === number &&
      letter.entry === message.entry &&
      letter.sizeBytes === message.record.length &&
      letter.reason === reason &&
      letter.timeMs === timeMs
    if (!same) problem('another dead letter', { letter, number, message, reason, timeMs })
    next = number + 1
    bytes += message.record.length
  }
  if (dead.next(next) !== null) problem('a dead letter too many', { next })
  const same = dead.tail === expected.deadTail && dead.count === expected.dead.length
  if (!same || dead.bytes !== bytes) problem('other dead letters', { dead, bytes })
}

/** Every delivery run lies in the log as it should: the records one behind the other. */
function compareRuns(
  t: Test,
  machine: ShardMachine,
  reference: ReferenceShard,
  store: Store
): void {
  for (const expected of reference.queues.values()) {
    const queue = machine.queue(expected.id)
    const messages = expected.messages.sort((a, b) => a.offset - b.offset)
    let at = 0
    while (at < messages.length) {
      const message = messages[at]
      if (message === undefined || queue === undefined) return
      const run = queue.deliveryRun(message.offset, 500, 2_000, expected.tail)
      if (run === null) {
        t.fail('no run', { offset: message.offset })
        return
      }
      const data = store.log[run.entry] ?? new Uint8Array()
      const slice = data.subarray(run.position, run.position + run.lengthBytes)
      const records = messages.slice(at, at + run.count)
      const wanted = Buffer.concat(records.map(({ record }) => record))
      if (Buffer.compare(slice, wanted) !== 0) t.fail('other bytes', { run })
      const { exchange, routingKey } = readSectionHeader(data, run.section)
      if (exchange !== message.exchange || routingKey !== message.routingKey) {
        t.fail('another section', { run })
      }
      for (const [index, item] of records.entries()) {
        const isRun =
          item.offset === message.offset + index &&
          item.attempt === run.attempt &&
          item.deliveryCount === run.deliveryCount
        if (!isRun) t.fail('not a run', { run, item })
      }
      at += run.count
    }
  }
}

/** The one digest that is counted along, and the one that is taken of everything. */
function stateOf(machine: ShardMachine): string {
  return `${machine.hash()} ${machine.digest()}`
}

function run(t: Test, random: Random, entries: number): void {
  const reference = new ReferenceShard(limits)
  const machine = new ShardMachine(options)
  const workload = new Workload(random, reference, 6)
  const store = new Store()
  const kept: {
    index: number
    manifest: Uint8Array
    blobs: Map<number, Uint8Array>
    state: string
  }[] = []
  const types: Record<string, number> = {}
  let index = 0
  for (let round = 0; round < entries && t.passing(); round++) {
    // Raft has entries of its own, which no machine sees.
    if (random.chance(0.05)) store.entries.add(++index)
    store.entries.add(++index)
    const { data, steps } = workload.entry(index)
    store.log[index] = data
    const applied = machine.apply({ index, term: termOf(index) }, data)
    if (applied.replies.length !== steps.length) t.fail('another number of replies')
    for (const [position, step] of steps.entries()) {
      const expected = step.expect(reference)
      const reply = applied.replies[position]
      types[expected.type] = (types[expected.type] ?? 0) + 1
      if (JSON.stringify(normal(reply)) !== JSON.stringify(normal(expected))) {
        t.fail('another reply', { seed: random.seed, index, position, reply, expected })
      }
    }
    if (applied.timeMs !== reference.timeMs) t.fail('another time')
    if (random.chance(0.1)) {
      store.save(machine.snapshot())
      const stored = expandRanges(machine.retainedEntries())
      if (`${[...store.entries].sort((a, b) => a - b)}` !== `${stored}`)
        t.fail('other entries kept')
    }
    if (random.chance(0.1)) compare(t, machine, reference, store)
    if (random.chance(0.02)) compareRuns(t, machine, reference, store)
    if (random.chance(0.03)) {
      const snapshot = machine.snapshot()
      store.save(snapshot)
      const { manifest } = snapshot
      kept.push({ index, manifest, blobs: new Map(store.blobs), state: stateOf(machine) })
    }
  }
  compare(t, machine, reference, store)
  compareRuns(t, machine, reference, store)
  t.comment(JSON.stringify(types))
  replay(t, machine, store, kept)
}

/** Key order and prototypes do not matter. */
function normal(reply: unknown): unknown {
  if (Array.isArray(reply) || typeof reply !== 'object' || reply === null) return reply
  return Object.entries(reply)
    .map(([key, value]) => [key, normal(value)])
    .sort()
}

function replay(
  t: Test,
  machine: ShardMachine,
  store: Store,
  kept: readonly {
    index: number
    manifest: Uint8Array
    blobs: Map<number, Uint8Array>
    state: string
  }[]
): void {
  const [hash, digest] = [machine.hash(), machine.digest()]
  const catchUp = (replica: ShardMachine, from: number): void => {
    for (let index = from + 1; index < store.log.length; index++) {
      const data = store.log[index]
      if (data !== undefined) replica.apply({ index, term: termOf(index) }, data)
    }
    t.equal(replica.hash(), hash, `replayed from ${from}`)
    t.equal(replica.digest(), digest, `kept up from ${from}`)
  }
  catchUp(new ShardMachine(options), 0)
  for (const { index, manifest, blobs, state } of kept) {
    const replica = ShardMachine.restore(manifest, blobs, options)
    t.equal(stateOf(replica), state, `restored at ${index}`)
    catchUp(replica, index)
    // A snapshot of the replica is as good as one of the original.
    const next = replica.snapshot()
    const parts = new Map(blobs)
    for (const { id, bytes } of next.newBlobs) parts.set(id, bytes)
    t.equal(ShardMachine.restore(next.manifest, parts, options).hash(), hash)
  }
}

t.test('agrees with the reference, and replays to the same state', async (t) => {
  // biome-ignore lint/style/noProcessEnv: for a longer run by hand.
  const rounds = Number(process.env['ROUNDS'] ?? 6)
  let seed = chooseSeed()
  for (let round = 0; round < rounds && t.passing(); round++, seed++) {
    t.comment(`seed ${seed}`)
    run(t, new Random(seed), 500)
  }
})
