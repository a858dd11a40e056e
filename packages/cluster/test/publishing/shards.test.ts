// The leader's side of publishing: sections of a gateway are taken in order and once, a repeat of
// what is under way waits with it, and what cannot be taken comes again, with all behind it.
import t from 'tap'
import { sent } from '../part-core.ts'
import { accepted, epoch, group, leadShard, numbersOf } from './shard-leader.ts'

t.test('sections are proposed in order, and answered as one run', async (t) => {
  const leader = leadShard()
  leader.forward([1, 2, 3])
  t.same(numbersOf(leader), [1, 2, 3])
  t.same(leader.told(), [], 'nothing before it is committed')
  for (const { decide } of leader.offered) decide(accepted)
  t.same(leader.told(), [{ type: 'accepted', first: 1, last: 3 }])
  t.same(leader.told(), [])
})

t.test('what comes again while it is under way is not proposed again', async (t) => {
  const leader = leadShard()
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
  const leader = leadShard()
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

t.test('what a gateway has given up is waited for no longer', async (t) => {
  const leader = leadShard()
  leader.forward([1])
  leader.shard.hasRoom = false
  leader.forward([2])
  t.same(leader.told(), [{ type: 'again', from: 2 }])
  leader.shard.hasRoom = true
  leader.forward([3, 4], 2, epoch, 3)
  t.same(numbersOf(leader), [1, 3, 4])
  t.same(leader.told(), [])
})

t.test('gateways, and the lives of one, have numbers of their own', async (t) => {
  const leader = leadShard()
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
  const leader = leadShard()
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
  const leader = leadShard()
  leader.shard.hasQueue = false
  leader.shard.isToCome = true
  leader.forward([1])
  t.same(leader.told(), [{ type: 'again', from: 1 }])
  leader.shard.hasQueue = true
  leader.shard.closingUntilMs = leader.shard.timeMs + 1
  leader.forward([1])
  t.same(leader.told(), [{ type: 'again', from: 1 }], 'it may be deleted, or not')
  leader.shard.closingUntilMs = leader.shard.timeMs
  leader.forward([1])
  t.same(numbersOf(leader), [1])
})

t.test('what was applied is answered again, whatever became of its queue', async (t) => {
  const leader = leadShard()
  leader.forward([1, 2])
  for (const { decide } of leader.offered) decide(accepted)
  leader.shard.gatewayExpected = 3
  t.same(leader.told(), [{ type: 'accepted', first: 1, last: 2 }])
  leader.shard.closingUntilMs = leader.shard.timeMs + 1
  leader.forward([1, 2])
  t.same(numbersOf(leader), [1, 2, 1, 2], 'the answer may be lost, and the machine remembers it')
  for (const { decide } of leader.offered.slice(2)) decide({ type: 'repeated', missing: [] })
  t.same(leader.told(), [{ type: 'accepted', first: 1, last: 2 }])
  leader.forward([3])
  t.same(leader.told(), [{ type: 'again', from: 3 }], 'this one is early')
  leader.shard.closingUntilMs = 0
  leader.forward([3])
  t.same(numbersOf(leader), [1, 2, 1, 2, 3])
})

t.test('a publish to a queue that was deleted is for the machine to answer', async (t) => {
  const leader = leadShard()
  leader.shard.hasQueue = false
  leader.forward([1])
  t.same(numbersOf(leader), [1])
})

t.test('what the machine answers reaches the gateway as it is', async (t) => {
  const leader = leadShard()
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
    { type: 'again', from: 1 },
    { type: 'again', from: 5 }
  ])
})

t.test('a queue that is over holds up nobody who publishes to another', async (t) => {
  const leader = leadShard()
  leader.shard.closingUntilMs = Number.MAX_SAFE_INTEGER
  leader.shard.isOver = true
  leader.forward([1, 2])
  t.same(numbersOf(leader), [1, 2])
  leader.offered[0]?.decide({ type: 'accepted', missing: [7] })
  t.same(leader.told(), [{ type: 'missing', number: 1, queues: [7] }])
})
