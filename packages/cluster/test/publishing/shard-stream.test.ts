// The way from a gateway to a leader elsewhere: a leader that is busy is asked again after pauses
// that grow, and everything goes out again when another one leads.
import { readSectionAlone } from '@holdfast/broker'
import t from 'tap'
import type { Core } from '../../src/core.ts'
import { defaultTuning, times } from '../../src/limits.ts'
import type { Forward, ForwardOutcome } from '../../src/peers/peer-codec.ts'
import { createPublish, type Publish } from '../../src/publishing/publish.ts'
import { ShardStream } from '../../src/publishing/shard-stream.ts'

const epoch = 1024

function streamTo(
  leadership: { leader: number; term: number },
  onOutcome: (publish: Publish, outcome: ForwardOutcome) => void = () => undefined
): {
  stream: ShardStream
  clock: { nowMs: number }
  sent: number[][]
  forwards: Forward[]
} {
  const sent: number[][] = []
  const forwards: Forward[] = []
  const clock = { nowMs: 1_000 }
  const send = (_node: number, forward: Forward): void => {
    sent.push(forward.sections.map((section) => section.number))
    forwards.push(forward)
  }
  const core = {
    clock,
    tuning: defaultTuning,
    identity: { node: 1 },
    options: {},
    groups: { selfReplica: 1 },
    gateway: { admits: () => true },
    peers: { send },
    reports: { leadership: () => leadership }
  } as unknown as Core
  return { stream: new ShardStream(core, 1, epoch, onOutcome), clock, sent, forwards }
}

function publishOf(firstSequence: number): Publish {
  const batch = {
    exchange: '',
    routingKey: 'q',
    copies: [],
    mandatory: false,
    first: firstSequence === 1,
    firstSequence,
    lowestUnconfirmed: 1,
    count: 1,
    blob: new Uint8Array(10)
  }
  const producer = { id: new Uint8Array(16), epoch: 0 }
  const origin = {
    vhost: '/',
    producer,
    publishRefusal: () => null,
    confirmed: (): void => undefined,
    failed: (): void => undefined,
    returned: (): void => undefined
  }
  return createPublish(origin, batch, () => undefined)
}

t.test('a busy leader is asked again after pauses that double up to a bound', async (t) => {
  const { stream, clock, sent } = streamTo({ leader: 2, term: 1 })
  stream.push(publishOf(1), [7])
  stream.push(publishOf(2), [7])
  stream.flush()
  const pauses: number[] = []
  for (let round = 0; round < 7; round++) {
    const before = clock.nowMs
    const count = sent.length
    // Both were refused: that is one refusal.
    stream.result(epoch, [
      { type: 'again', from: 1 },
      { type: 'again', from: 1 }
    ])
    for (; sent.length === count; clock.nowMs += 10) stream.flush()
    pauses.push(clock.nowMs - 10 - before)
    clock.nowMs -= 10
  }
  const { retryMs, retryMaxMs } = times
  t.same(
    pauses,
    [1, 2, 4, 8, 16, 16, 16].map((factor) => Math.min(retryMs * factor, retryMaxMs))
  )
  t.ok(sent.every((numbers) => numbers.join() === '1,2'))
})

t.test('a leader that does not answer is told again, after times that double', async (t) => {
  const { stream, clock, sent } = streamTo({ leader: 2, term: 1 })
  stream.push(publishOf(1), [7])
  const pauses: number[] = []
  const pauseToNext = (): number => {
    const before = clock.nowMs
    for (const count = sent.length; sent.length === count; clock.nowMs += 100) stream.flush()
    return clock.nowMs - 100 - before
  }
  pauseToNext()
  for (let round = 0; round < 6; round++) pauses.push(pauseToNext())
  t.same(pauses, [3_000, 6_000, 12_000, 24_000, 48_000, 48_000])
  stream.push(publishOf(2), [7])
  stream.result(epoch, [{ type: 'accepted', first: 1, last: 1 }])
  pauseToNext()
  t.equal(pauseToNext(), times.forwardRetryMs, 'it has answered something')
})

t.test('what another leader is told waits for no pause', async (t) => {
  const leadership = { leader: 2, term: 1 }
  const { stream, sent } = streamTo(leadership)
  stream.push(publishOf(1), [7])
  stream.flush()
  stream.result(epoch, [{ type: 'again', from: 1 }])
  stream.flush()
  t.equal(sent.length, 1)
  Object.assign(leadership, { leader: 3, term: 2 })
  stream.flush()
  t.same(sent, [[1], [1]])
})

t.test('a lost answer is not taken for an acceptance', async (t) => {
  const outcomes: string[] = []
  const { stream, sent } = streamTo({ leader: 2, term: 1 }, ({ batch }, { type }) => {
    outcomes.push(`${batch.firstSequence} ${type}`)
  })
  for (const sequence of [1, 2, 3]) stream.push(publishOf(sequence), [7])
  stream.flush()
  // The link broke under the answers to 1 and 2.
  stream.result(epoch, [{ type: 'accepted', first: 3, last: 3 }])
  t.same(outcomes, [])
  stream.flush()
  t.same(sent, [
    [1, 2, 3],
    [1, 2, 3]
  ])
  stream.result(epoch, [
    { type: 'accepted', first: 1, last: 1 },
    { type: 'missing', number: 2, queues: [7] },
    { type: 'accepted', first: 3, last: 3 }
  ])
  t.same(outcomes, ['1 accepted', '2 missing', '3 accepted'])
})

t.test('names and queues count as what is on its way', async (t) => {
  const { stream, sent } = streamTo({ leader: 2, term: 1 })
  const queues = Array.from({ length: defaultTuning.forwardBytesMax / 32 }, (_, at) => at + 1)
  for (const sequence of [1, 2, 3, 4, 5]) stream.push(publishOf(sequence), queues)
  stream.flush()
  t.same(sent, [[1, 2, 3]])
})

t.test('a transaction has a number as well', async (t) => {
  const outcomes: string[] = []
  const { stream, sent } = streamTo({ leader: 2, term: 1 })
  const publish = { exchange: '', routingKey: 'q', queues: [7], count: 1, blob: new Uint8Array(4) }
  stream.push(publishOf(1), [7])
  stream.pushTransaction({ publishes: [publish], settlements: [] }, ({ type }) => {
    outcomes.push(type)
  })
  stream.flush()
  stream.result(epoch + 1, [{ type: 'accepted', first: 1, last: 2 }])
  t.same(outcomes, [], 'an answer to another process of this node')
  stream.result(epoch, [{ type: 'accepted', first: 1, last: 2 }])
  t.same(sent, [[1, 2]])
  t.same(outcomes, ['accepted'])
})

t.test('the first without an answer may begin at a shard that does not know it', async (t) => {
  const { stream, clock, forwards } = streamTo({ leader: 2, term: 1 })
  for (const sequence of [1, 2]) stream.push(publishOf(sequence), [7])
  stream.flush()
  stream.push(publishOf(3), [7])
  stream.flush()
  // The first two came before their leader had begun, the third when it had.
  stream.result(epoch, [{ type: 'again', from: 1 }])
  clock.nowMs += times.retryMs
  stream.flush()
  stream.result(epoch, [{ type: 'accepted', first: 1, last: 1 }])
  stream.linkUp(2)
  stream.flush()
  const firsts = forwards.map(({ sections }) => {
    const marked = sections.map(({ bytes }) => readSectionAlone(bytes)).filter(({ first }) => first)
    return marked.map(({ number }) => number)
  })
  t.same(firsts, [[1], [], [1], [2]])
})

t.test('what came long ago vouches for no producer', async (t) => {
  const leadership = { leader: 2, term: 1 }
  const { stream, clock, forwards } = streamTo(leadership)
  const vouches = (): readonly boolean[] => {
    leadership.term += 1
    stream.flush()
    const sections = forwards.at(-1)?.sections ?? []
    return sections.map(({ bytes }) => readSectionAlone(bytes).producer?.first === true)
  }
  stream.push(publishOf(1), [7])
  clock.nowMs += times.gatewayFreshMs - 1
  t.same(vouches(), [true])
  clock.nowMs += 1
  stream.push(publishOf(1), [7])
  t.same(vouches(), [false, true], 'its client has brought the old one by another node')
})

t.test('what was sent long ago is given up', async (t) => {
  const outcomes: string[] = []
  const { stream, clock, sent } = streamTo({ leader: 2, term: 1 }, ({ batch }, outcome) => {
    const { code = outcome.type } = outcome as { code?: string }
    outcomes.push(`${batch.firstSequence} ${code}`)
  })
  stream.push(publishOf(1), [7])
  stream.flush()
  stream.push(publishOf(2), [7])
  clock.nowMs += times.gatewayRepeatMs + 1
  stream.linkUp(2)
  stream.flush()
  t.same(outcomes, ['1 PRODUCER_EXPIRED'])
  t.same(sent, [[1], [2]], 'no shard has what was never sent')
  stream.result(epoch, [{ type: 'accepted', first: 2, last: 2 }])
  t.same(outcomes, ['1 PRODUCER_EXPIRED', '2 accepted'])
  t.ok(stream.isIdle)
})

/** The work of hearing that so many of these publishes were refused. */
function msToRefuse(refusals: number, pending: number): number {
  let heard = 0
  const { stream } = streamTo({ leader: 2, term: 1 }, () => {
    heard++
  })
  const publish = publishOf(1)
  for (let number = 1; number <= pending; number++) stream.push(publish, [7])
  stream.flush()
  const outcomes = Array.from({ length: refusals }, (_, i): ForwardOutcome => {
    return { type: 'refused', number: i + 1, code: 'QUEUE_FULL', details: {} }
  })
  const before = process.cpuUsage()
  stream.result(epoch, outcomes)
  const spentMs = process.cpuUsage(before).user / 1000
  return heard === refusals ? spentMs : Number.NaN
}

t.test('what a refusal costs does not depend on how much is behind it', async (t) => {
  const count = 4_096
  const fewMs = msToRefuse(count, count)
  const manyMs = msToRefuse(count, 200_000)
  t.ok(manyMs < 20 * fewMs, `${manyMs} ms, and ${fewMs} ms with nothing behind it`)
})
