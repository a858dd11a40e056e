// The production machine against the plain model of a shard: equal over a history of publishes,
// settlements, returns and repeats; and each lie about it is found.
import {
  type ConsumerKey,
  encodeCommandSection,
  encodeEntryBatch,
  encodePublishSection,
  noDeadlineMs,
  type Outcome,
  type PublishProducer,
  type QueueView,
  type SectionReply,
  type ShardCommand,
  ShardMachine
} from '@holdfast/broker'
import { encodeRecord, utf8Encode } from '@holdfast/record'
import t from 'tap'
import { type AppliedEntry, ShardComparison } from '../../src/checkers/shard-comparison.ts'

const consumer = { session: 'ab', tag: 't' }
const options = { prefetch: 10, autoAck: false, exclusive: true, priority: 0 }

/** A shard with queue 1, its model, and what the comparison of both has found. */
class Bench {
  readonly machine = new ShardMachine({ group: 1 })
  readonly found: string[] = []
  readonly comparison = new ShardComparison('group 1', (_, detail) => void this.found.push(detail))
  #index = 0
  #number = 0

  constructor() {
    const created = { type: 'create-queue', cursor: 1, queue: 1, vhost: '/', name: 'q1' } as const
    this.command({ type: 'topology', upTo: 1, changes: [created] })
  }

  /** `lie` is told to the comparison in place of the truth. */
  apply(section: Uint8Array, lie: (entry: AppliedEntry) => AppliedEntry = (entry) => entry): void {
    this.#index += 1
    const data = encodeEntryBatch(1000 * this.#index, [section])
    const id = { index: this.#index, term: 1 }
    const { replies, effects } = this.machine.apply(id, data)
    const { machine } = this
    this.comparison.applied(lie({ ...id, data, machine, replies, effects }))
  }

  command(command: ShardCommand, lie?: (entry: AppliedEntry) => AppliedEntry): void {
    this.apply(encodeCommandSection(command), lie)
  }

  publish(
    count: number,
    producer: PublishProducer | null = null,
    changes: { readonly number?: number; readonly queues?: readonly number[] } = {}
  ): void {
    this.#number += 1
    const records = Array.from({ length: count }, (_, at) =>
      encodeRecord(null, utf8Encode(`m${at}`))
    )
    const section = {
      gateway: { replica: 7, epoch: 1 },
      number: changes.number ?? this.#number,
      first: true,
      producer,
      exchange: '',
      routingKey: 'q1',
      queues: changes.queues ?? [1],
      count,
      blob: new Uint8Array(Buffer.concat(records))
    }
    this.apply(new Uint8Array(Buffer.concat(encodePublishSection(section))))
  }

  settle(outcome: Outcome, first: number, last: number, attempt: number): void {
    this.command({ type: 'settle', queue: 1, consumer, outcome, ranges: [first, last, attempt] })
  }
}

function producer(firstSequence: number, lowestUnconfirmed: number = 1): PublishProducer {
  return { id: new Uint8Array(16), epoch: 1, firstSequence, lowestUnconfirmed, first: true }
}

t.test('machine and model agree over a history of everything', async (t) => {
  const bench = new Bench()
  bench.command({ type: 'attach-consumer', queue: 1, consumer, ...options })
  bench.command({
    type: 'attach-consumer',
    queue: 1,
    consumer: { session: 'cd', tag: 'u' },
    ...options
  })
  bench.publish(5)
  bench.publish(3, producer(1))
  bench.publish(3, producer(2, 2))
  bench.publish(2, producer(2, 2))
  bench.publish(1, null, { number: 2 })
  bench.publish(1, null, { number: 40 })
  bench.publish(1, null, { number: 5, queues: [1, 9] })
  bench.command({ type: 'advance-marks', marks: [{ queue: 1, mark: 6 }] })
  const { bodies } = bench.comparison.openQueue('q1') ?? {}
  t.equal([...(bodies?.values() ?? [])].join(' '), 'm0 m1 m2 m3 m4 m0 m1 m2 m2 m0')
  t.equal(bench.comparison.openQueue('q2'), undefined)
  t.same(
    ['m4', 'm5'].map((message) => bench.comparison.hasStored(message)),
    [true, false]
  )
  bench.settle('accepted', 1, 2, 0)
  bench.settle('released', 3, 4, 0)
  bench.settle('rejected', 3, 5, 0)
  bench.settle('accepted', 2, 4, 1)
  bench.command({ type: 'return-unclaimed', queue: 1, claimed: [6, 6] })
  bench.command({ type: 'detach-consumer', queue: 1, consumer, release: [6, 7, 0] })
  bench.command({ type: 'detach-session', session: 'cd', releases: [] })
  bench.command({ type: 'delete-queue-if', queue: 1, ifUnused: true, ifEmpty: true, held: [] })
  bench.command({ type: 'purge-queue', queue: 1, keep: [7, 7] })
  bench.command({ type: 'delete-queue-if', queue: 1, ifUnused: true, ifEmpty: false, held: [] })
  bench.publish(1)
  bench.command({
    type: 'topology',
    upTo: 2,
    changes: [{ type: 'delete-queue', cursor: 2, queue: 1 }]
  })
  bench.command({ type: 'purge-queue', queue: 1, keep: [] })
  bench.apply(Uint8Array.of(0, 0, 0, 2, 2, 0xc1))
  t.same(bench.found, [])
})

/** The machine, but for its queue. */
function lying(entry: AppliedEntry, changes: Partial<QueueView>): AppliedEntry {
  const queue = entry.machine.queue(1)
  if (queue === undefined) return entry
  const { id, vhost, name, tail, mark, liveCount, bytes, consumers, closingUntilMs } = queue
  const { settings, isOver, active, activation, dead, hasReserved, readyCount } = queue
  const view = {
    ...{ id, vhost, name, tail, mark, liveCount, bytes, consumers, closingUntilMs },
    ...{ settings, isOver, active, activation, dead, hasReserved, readyCount },
    isOut: (offset: number) => queue.isOut(offset),
    isTaken: (key: ConsumerKey, exclusive: boolean) => queue.isTaken(key, exclusive),
    row: (offset: number) => queue.row(offset),
    nextLive: (offset: number) => queue.nextLive(offset),
    nextDue: () => null,
    deliveryRun: () => null,
    ...changes
  }
  return { ...entry, machine: { timeMs: entry.machine.timeMs, queue: () => view } }
}

const reply = (reply: SectionReply) => (entry: AppliedEntry) => ({ ...entry, replies: [reply] })

t.test('each lie of a machine is found', async (t) => {
  const lies: Readonly<Record<string, readonly [RegExp, (entry: AppliedEntry) => AppliedEntry]>> = {
    'a message too many': [/live, tail/, (entry) => lying(entry, { liveCount: 5 })],
    'an offset given twice': [/live, tail/, (entry) => lying(entry, { tail: 3 })],
    'a mark that went back': [/live, tail/, (entry) => lying(entry, { mark: -1 })],
    'a queue that stays open': [/live, tail/, (entry) => lying(entry, { closingUntilMs: 9 })],
    'a queue that ends early': [/is over/, (entry) => lying(entry, { isOver: true })],
    'somebody who is active': [/ab\/t active/, (entry) => lying(entry, { active: 'ab/t' })],
    'a consumer that is still there': [
      /has consumers/,
      (entry) => lying(entry, { consumers: new Map([['ab/t', { ...consumer, ...options }]]) })
    ],
    'a settlement of nothing': [/settled, stale/, reply({ type: 'settled', stale: [] })],
    'another kind of reply': [/section 0 got/, reply({ type: 'done' })],
    'no reply': [/0 replies/, (entry) => ({ ...entry, replies: [] })],
    'an attempt that was not counted': [
      /attempt 0/,
      (entry) => {
        const row = {
          entry: 2,
          position: 0,
          section: 0,
          sizeBytes: 5,
          deliveryCount: 0,
          deadlineMs: noDeadlineMs,
          priority: 0
        }
        return lying(entry, { row: () => ({ ...row, attempt: 0 }) })
      }
    ],
    'a message that is gone': [/is gone/, (entry) => lying(entry, { row: () => null })]
  }
  for (const [name, [pattern, lie]] of Object.entries(lies)) {
    const bench = new Bench()
    bench.publish(4)
    bench.settle('accepted', 1, 1, 0)
    t.same(bench.found, [], name)
    const ranges = [1, 2, 0]
    bench.command({ type: 'settle', queue: 1, consumer, outcome: 'released', ranges }, lie)
    t.ok(
      bench.found.some((detail) => pattern.test(detail)),
      `${name}: ${bench.found.join('; ')}`
    )
  }
})

t.test('who keeps others away, or does not, is found', async (t) => {
  for (const isTaken of [true, false]) {
    const bench = new Bench()
    const shared = { ...options, exclusive: false }
    bench.command({ type: 'attach-consumer', queue: 1, consumer, ...options })
    bench.command({ type: 'attach-consumer', queue: 1, consumer, ...shared })
    t.same(bench.found, [])
    const lie = (entry: AppliedEntry) => lying(entry, { isTaken: () => isTaken })
    bench.command({ type: 'advance-marks', marks: [{ queue: 1, mark: 3 }] }, lie)
    t.match(bench.found[0], isTaken ? /keeps away t, shared/ : /lets in .*, exclusive/)
  }
})
