// The leader's side of publishing: sections of a gateway are taken in order and once, a repeat of
// what is under way waits with it, and what cannot be taken comes again, with all behind it.
import {
  encodePublishSection,
  encodeTransactionSection,
  readSectionAlone,
  type SectionReply
} from '@holdfast/broker'
import { encodeRecord, utf8Encode } from '@holdfast/record'
import t from 'tap'
import type { Core } from '../../src/core.ts'
import { join } from '../../src/peers/byte-writer.ts'
import type { Forward, ForwardOutcome } from '../../src/peers/peer-codec.ts'
import { coreWith, sent } from '../part-core.ts'

const group = 3
const epoch = 1024
const blob = encodeRecord(null, utf8Encode('body'))
const accepted: SectionReply = { type: 'accepted', missing: [] }

interface Shard {
  isLeading: boolean
  hasRoom: boolean
  /** Whether the shard has the queue, and if not, whether it is to come. */
  hasQueue: boolean
  isToCome: boolean
  closingUntilMs: number
  /** It has come to its end by itself. */
  isOver: boolean
  isDiskLow: boolean
  /** Of the gateway, by what the machine has applied. */
  gatewayExpected: number | null
}

interface Leader {
  readonly core: Core
  readonly shard: Shard
  /** Proposals that are not decided yet. */
  readonly offered: { readonly bytes: Uint8Array; readonly decide: (reply: unknown) => void }[]
  /** Sections of a gateway arrive in one frame. */
  forward(numbers: readonly number[], from?: number, epoch?: number): void
  /** What the gateways were told since the last look. */
  told(from?: number): ForwardOutcome[]
}

/** Node 1, which leads shard 3 with its queue 7. */
function make(): Leader {
  const shard: Shard = {
    isLeading: true,
    hasRoom: true,
    hasQueue: true,
    isToCome: false,
    closingUntilMs: 0,
    isOver: false,
    isDiskLow: false,
    gatewayExpected: null
  }
  const offered: Leader['offered'] = []
  const offer = (bytes: Uint8Array, decide: (reply: unknown) => void): boolean => {
    if (shard.isLeading) offered.push({ bytes, decide })
    return shard.isLeading
  }
  const machine = {
    queue: () => (shard.hasQueue ? shard : undefined),
    gatewayExpected: () => shard.gatewayExpected
  }
  const groupPart = Object.defineProperties(
    { offer },
    {
      isLeading: { get: () => shard.isLeading },
      hasRoom: { get: () => shard.hasRoom }
    }
  )
  const disk = {
    get isLow() {
      return shard.isDiskLow
    },
    refusal: (number: number) => ({ type: 'refused', number, code: 'DISK_LOW', details: {} })
  }
  const groups = { shard: () => groupPart, shardHost: () => ({ machine }) }
  const lackingQueues = { isToCome: () => shard.isToCome }
  const core = coreWith({ groups, disk, lackingQueues })
  const forward: Leader['forward'] = (numbers, from = 2, ofEpoch = epoch) => {
    const sections = numbers.map((number) => ({ number, bytes: sectionOf(number, ofEpoch) }))
    const message: Forward = { type: 'forward', group, epoch: ofEpoch, sections }
    core.shards.forward(from, message)
  }
  const told: Leader['told'] = (from = 2) => {
    core.shards.flush()
    return sent(core).flatMap(({ to, message }) => {
      return to === from && message.type === 'forward-result' ? message.outcomes : []
    })
  }
  return { core, shard, offered, forward, told }
}

function sectionOf(number: number, ofEpoch: number): Uint8Array {
  const gateway = { replica: 2_097_153, epoch: ofEpoch }
  const place = { gateway, number, first: number === 1, producer: null }
  const message = { exchange: '', routingKey: 'q', queues: [7], count: 1, blob }
  return join(encodePublishSection({ ...place, ...message }))
}

function numbersOf({ offered }: Leader): number[] {
  return offered.map(({ bytes }) => readSectionAlone(bytes).number)
}

t.test('sections are proposed in order, and answered as one run', async (t) => {
  const leader = make()
  leader.forward([1, 2, 3])
  t.same(numbersOf(leader), [1, 2, 3])
  t.same(leader.told(), [], 'nothing before it is committed')
  for (const { decide } of leader.offered) decide(accepted)
  t.same(leader.told(), [{ type: 'accepted', first: 1, last: 3 }])
  t.same(leader.told(), [])
})

t.test('what comes again while it is under way is not proposed again', async (t) => {
  const leader = make()
  leader.forward([1, 2])
  leader.forward([1, 2, 3])
  t.same(numbersOf(leader), [1, 2, 3])
  for (const { decide } of leader.offered) decide(accepted)
  t.same(leader.told(), [{ type: 'accepted', first: 1, last: 3 }])
  leader.forward([2])
  t.same(numbersOf(leader), [1, 2, 3, 2], 'once it is decided, the machine knows what it got')
  leader.offered[3]?.decide({ type: 'repeated', missing: [] })
  t.same(leader.told(), [{ type: 'accepted', first: 2, last: 2 }])
})

t.test('after a refusal all that follows waits until the refused one is back', async (t) => {
  const leader = make()
  leader.forward([1])
  leader.shard.hasRoom = false
  leader.forward([2, 3])
  t.same(leader.told(), [{ type: 'again', from: 2 }])
  leader.shard.hasRoom = true
  leader.forward([3, 4])
  t.same(leader.told(), [{ type: 'again', from: 2 }], 'the first answer may be lost')
  t.same(numbersOf(leader), [1])
  leader.forward([2, 3, 4])
  t.same(numbersOf(leader), [1, 2, 3, 4])
})

t.test('gateways, and the lives of one, have numbers of their own', async (t) => {
  const leader = make()
  leader.forward([5], 2)
  leader.forward([1], 4)
  leader.forward([1], 2, epoch + 1)
  t.same(numbersOf(leader), [5, 1, 1])
  for (const { decide } of leader.offered) decide(accepted)
  leader.core.shards.flush()
  const results = sent(leader.core).map(({ to, message }) => {
    return message.type === 'forward-result' ? [to, message.epoch, message.outcomes[0]] : []
  })
  t.same(results, [
    [2, epoch, { type: 'accepted', first: 5, last: 5 }],
    [2, epoch + 1, { type: 'accepted', first: 1, last: 1 }],
    [4, epoch, { type: 'accepted', first: 1, last: 1 }]
  ])
})

t.test('who does not lead takes nothing, and a new leadership begins anew', async (t) => {
  const leader = make()
  leader.forward([1, 2])
  leader.shard.isLeading = false
  for (const { decide } of leader.offered) decide(null)
  leader.core.shards.leadershipChanged(group)
  t.same(leader.told(), [
    { type: 'again', from: 1 },
    { type: 'again', from: 2 }
  ])
  leader.forward([1])
  t.same(leader.told(), [{ type: 'again', from: 1 }])
  leader.shard.isLeading = true
  leader.forward([2, 3])
  t.same(numbersOf(leader), [1, 2, 2, 3], 'the first was committed by another leader meanwhile')
})

t.test('a publish that is ahead of its queue comes again', async (t) => {
  const leader = make()
  leader.shard.hasQueue = false
  leader.shard.isToCome = true
  leader.forward([1])
  t.same(leader.told(), [{ type: 'again', from: 1 }])
  leader.shard.hasQueue = true
  leader.shard.closingUntilMs = leader.core.clock.wallMs + 1
  leader.forward([1])
  t.same(leader.told(), [{ type: 'again', from: 1 }], 'it may be deleted, or not')
  leader.shard.closingUntilMs = leader.core.clock.wallMs
  leader.forward([1])
  t.same(numbersOf(leader), [1])
})

t.test('what is early once more, after its answer, holds up nothing', async (t) => {
  const leader = make()
  leader.forward([1, 2])
  for (const { decide } of leader.offered) decide(accepted)
  leader.shard.gatewayExpected = 3
  t.same(leader.told(), [{ type: 'accepted', first: 1, last: 2 }])
  leader.shard.closingUntilMs = leader.core.clock.wallMs + 1
  leader.forward([1])
  leader.shard.closingUntilMs = 0
  t.same(leader.told(), [{ type: 'again', from: 1 }])
  leader.forward([3])
  t.same(numbersOf(leader), [1, 2, 3], 'the gateway has nothing before it any more')
})

t.test('a publish to a queue that was deleted is for the machine to answer', async (t) => {
  const leader = make()
  leader.shard.hasQueue = false
  leader.forward([1])
  t.same(numbersOf(leader), [1])
})

t.test('what the machine answers reaches the gateway as it is', async (t) => {
  const leader = make()
  leader.forward([1, 2, 3, 4, 5])
  const refused = { type: 'refused', code: 'PRODUCER_FENCED', details: {} }
  const replies = [
    { type: 'accepted', missing: [7] },
    refused,
    { type: 'gap', expected: 2 },
    { type: 'gap', expected: 0 },
    null
  ]
  replies.forEach((reply, i) => {
    leader.offered[i]?.decide(reply)
  })
  t.same(leader.told(), [
    { type: 'missing', number: 1, queues: [7] },
    { ...refused, number: 2 },
    { type: 'again', from: 2 },
    { type: 'forgotten' },
    { type: 'again', from: 5 }
  ])
})

t.test('a full disk refuses for good, and takes the number all the same', async (t) => {
  const leader = make()
  leader.shard.isDiskLow = true
  leader.forward([1])
  const [proposed] = leader.offered
  t.same(numbersOf(leader), [1])
  t.same(readSectionAlone(proposed?.bytes ?? new Uint8Array(0)).queues, [], 'it goes nowhere')
  proposed?.decide({ type: 'refused', code: 'RECORD_INVALID', details: {} })
  t.match(leader.told(), [{ type: 'refused', number: 1, code: 'DISK_LOW' }])
  leader.forward([1])
  leader.offered[1]?.decide({ type: 'repeated', missing: [] })
  const outcome = [{ type: 'accepted', first: 1, last: 1 }]
  t.same(leader.told(), outcome, 'what was taken before the disk was full stays taken')
})

t.test('on a full disk a transaction is taken that publishes nothing', async (t) => {
  const gateway = { replica: 2_097_153, epoch }
  const consumer = { session: '0a', tag: 'c' }
  const settle = { type: 'settle', queue: 7, consumer, outcome: 'accepted', ranges: [1, 1, 0] } as const
  const publish = { exchange: '', routingKey: 'q', queues: [7], count: 1, blob }
  const transactionOf = (number: number, publishes: readonly (typeof publish)[]) => {
    const place = { gateway, number, first: number === 1 }
    const bytes = join(encodeTransactionSection({ ...place, publishes, settlements: [settle] }))
    return { number, bytes }
  }
  const leader = make()
  leader.shard.isDiskLow = true
  const sections = [transactionOf(1, []), transactionOf(2, [publish])]
  leader.core.shards.forward(2, { type: 'forward', group, epoch, sections })
  t.same(leader.offered[0]?.bytes, sections[0]?.bytes, 'its messages may leave')
  t.same(readSectionAlone(leader.offered[1]?.bytes ?? new Uint8Array(0)).queues, [], 'refused')
})

t.test('a refusal by a leader before, whose disk was full, is told as what it was', async (t) => {
  const leader = make()
  leader.forward([1])
  // What the machine remembers of the number that was taken.
  leader.offered[0]?.decide({ type: 'refused', code: 'FRAME_INVALID', details: {} })
  t.match(leader.told(), [{ type: 'refused', number: 1, code: 'DISK_LOW' }])
})

t.test('another refusal is told as it is, also when the disk is full', async (t) => {
  const leader = make()
  leader.shard.isDiskLow = true
  leader.forward([1])
  leader.offered[0]?.decide({ type: 'refused', code: 'PRODUCER_FENCED', details: {} })
  t.match(leader.told(), [{ type: 'refused', number: 1, code: 'PRODUCER_FENCED' }])
})

t.test('a queue that is over holds up nobody who publishes to another', async (t) => {
  const leader = make()
  leader.shard.closingUntilMs = Number.MAX_SAFE_INTEGER
  leader.shard.isOver = true
  leader.forward([1, 2])
  t.same(numbersOf(leader), [1, 2])
  leader.offered[0]?.decide({ type: 'accepted', missing: [7] })
  t.same(leader.told(), [{ type: 'missing', number: 1, queues: [7] }])
})
