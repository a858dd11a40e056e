// How messages expire in the machine of a shard: when they are named, and not before their time.
import { encodeRecord } from '@holdfast/record'
import t from 'tap'
import { noDeadlineMs } from '../src/index.ts'
import { plainSettings } from '../src/queue/settings.ts'
import { ShardFixture } from './shard-fixture.ts'

const nobody = (): boolean => false

function withQueue(messageTtlMs: number | null): ShardFixture {
  const shard = new ShardFixture()
  const created = { type: 'create-queue', cursor: 1, queue: 1, vhost: '/', name: 'q1' } as const
  const changes = [{ ...created, settings: { ...plainSettings, messageTtlMs } }]
  shard.command({ type: 'topology', upTo: 1, changes })
  return shard
}

function publish(shard: ShardFixture, ...expirations: readonly (string | null)[]): void {
  const records = expirations.map((expiration) => {
    return encodeRecord(expiration === null ? null : { expiration }, Uint8Array.of(1))
  })
  shard.publish(records.length, { blob: new Uint8Array(Buffer.concat(records)) })
}

function expire(shard: ShardFixture, ...ranges: readonly number[]) {
  return shard.command({ type: 'expire-messages', queues: [{ queue: 1, ranges }] })
}

function deadlines(shard: ShardFixture): number[] {
  const { machine, timeMs } = shard
  return shard.offsets(1).map((offset) => (machine.queue(1)?.row(offset)?.deadlineMs ?? 0) - timeMs)
}

t.test('the shorter of both lives counts', async (t) => {
  const shard = withQueue(500)
  publish(shard, null, '200', '900', '0')
  t.same(deadlines(shard), [500, 200, 500, 0])
  const endless = withQueue(null)
  publish(endless, null, '200')
  t.same(deadlines(endless), [noDeadlineMs - endless.timeMs, 200])
})

t.test('what is named expires at its time in the log, to the millisecond', async (t) => {
  const shard = withQueue(null)
  publish(shard, '100', null, '50', '100')
  shard.timeMs += 99
  const early = [{ queue: 1, ranges: [1, 2, 4, 4] }]
  t.same(expire(shard, 1, 4), { type: 'expired', messages: 1, early })
  t.same(shard.effects, [{ type: 'left', queue: 1, reason: 'expired', ranges: [3, 3] }])
  shard.timeMs += 1
  t.match(expire(shard, 1, 4), { messages: 2, early: [{ queue: 1, ranges: [2, 2] }] })
  t.same(shard.offsets(1), [2])
  t.same(expire(shard, 1, 1), { type: 'expired', messages: 0, early: [] })
  t.same(shard.effects, [])
})

t.test('time that an entry carries back is no time', async (t) => {
  const shard = withQueue(100)
  shard.timeMs = 5_000
  publish(shard, null)
  shard.timeMs = 4_000
  t.match(expire(shard, 1, 1), { messages: 0 })
  publish(shard, null)
  t.same(shard.machine.queue(1)?.row(2)?.deadlineMs, 5_100)
})

t.test('what comes back keeps its deadline, and is told again', async (t) => {
  const shard = withQueue(100)
  publish(shard, null, null)
  const { timeMs } = shard
  t.equal(shard.machine.nextDueMs, timeMs + 100)
  t.same(shard.machine.takeDue(timeMs + 99, nobody), [])
  const held = shard.machine.takeDue(timeMs + 100, (_, offset) => offset === 1)
  t.same(held, [{ queue: 1, ranges: [2, 2] }])
  t.equal(shard.machine.nextDueMs, Number.POSITIVE_INFINITY)
  const consumer = { session: '0a', tag: 'c' }
  shard.timeMs += 500
  shard.command({ type: 'settle', queue: 1, consumer, outcome: 'released', ranges: [1, 1, 0] })
  t.equal(shard.machine.nextDueMs, timeMs + 100)
  t.match(expire(shard, 1, 2), { messages: 2 })
})

t.test('what comes back unseen is told again as well', async (t) => {
  const shard = withQueue(100)
  publish(shard, null, null)
  const dueMs = shard.timeMs + 100
  const passOver = (): void => {
    shard.machine.takeDue(dueMs, () => true)
    t.equal(shard.machine.nextDueMs, Number.POSITIVE_INFINITY)
  }
  passOver()
  const consumer = { session: '0a', tag: 'c' }
  shard.command({ type: 'settle', queue: 1, consumer, outcome: 'unseen', ranges: [1, 1, 0] })
  t.equal(shard.machine.nextDueMs, dueMs, 'a client gave it back')
  passOver()
  shard.command({ type: 'advance-marks', marks: [{ queue: 1, mark: 2 }] })
  shard.command({ type: 'return-unclaimed', queue: 1, claimed: [1, 1] })
  t.equal(shard.machine.nextDueMs, dueMs, 'nobody claimed it')
  t.same(shard.machine.takeDue(dueMs, nobody), [{ queue: 1, ranges: [1, 2] }])
})

t.test('what was named too early is told again', async (t) => {
  const shard = withQueue(100)
  publish(shard, null)
  const dueMs = shard.timeMs + 100
  t.same(shard.machine.takeDue(dueMs, nobody), [{ queue: 1, ranges: [1, 1] }])
  t.match(expire(shard, 1, 1), { messages: 0 })
  t.equal(shard.machine.nextDueMs, dueMs)
})

t.test('a snapshot has the deadlines, and a replica made of it finds what is due', async (t) => {
  const shard = withQueue(100)
  publish(shard, null, '40', null)
  const replica = shard.restored()
  t.same(replica.machine.hash(), shard.machine.hash())
  t.same(replica.machine.digest(), shard.machine.digest())
  t.equal(replica.machine.queue(1)?.settings.messageTtlMs, 100)
  t.same(replica.machine.takeDue(shard.timeMs + 60, nobody), [{ queue: 1, ranges: [2, 2] }])
  t.same(replica.machine.takeDue(shard.timeMs + 100, nobody), [{ queue: 1, ranges: [1, 3] }])
  replica.machine.tellDueAgain(1)
  t.equal(replica.machine.nextDueMs, shard.timeMs + 40)
})

t.test('deadlines count in hash and digest', async (t) => {
  const [one, two, none] = ['100', '101', null].map((expiration) => {
    const shard = withQueue(null)
    publish(shard, expiration)
    return shard.machine
  })
  t.equal(new Set([one?.digest(), two?.digest(), none?.digest()]).size, 3)
  t.equal(new Set([one?.hash(), two?.hash(), none?.hash()]).size, 3)
  const settings = [null, 0, 1].map((ttlMs) => withQueue(ttlMs).machine.digest())
  t.equal(new Set(settings).size, 3)
})

t.test('a deadline goes with its queue', async (t) => {
  const shard = withQueue(100)
  publish(shard, null)
  const change = { type: 'delete-queue', cursor: 2, queue: 1 } as const
  shard.command({ type: 'topology', upTo: 2, changes: [change] })
  t.equal(shard.machine.nextDueMs, Number.POSITIVE_INFINITY)
  t.same(expire(shard, 1, 1), { type: 'expired', messages: 0, early: [] })
})

t.test('a command lets so many expire and no more', async (t) => {
  const shard = withQueue(100)
  t.match(expire(shard, 1, 32_769), { type: 'refused', code: 'FRAME_INVALID' })
  t.match(expire(shard, 1, 30_000, 1, 2_769), { type: 'refused', code: 'FRAME_INVALID' })
  t.match(expire(shard, 1, 32_768), { type: 'expired' })
})
