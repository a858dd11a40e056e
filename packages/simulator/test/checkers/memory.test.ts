// What a node has in memory, made by hand: each way in which it does not fit together is found.
import { noDeadlineMs, type QueueView } from '@holdfast/broker'
import type { NodeMemory, ShardMemory } from '@holdfast/cluster'
import t from 'tap'
import { incoherence, leftover } from '../../src/checkers/memory.ts'
import { World } from '../../src/world/world.ts'

/** Messages 1 to 3, of which the second is due. */
const queue = {
  id: 7,
  nextDue: (offset: number, byMs: number) => (offset <= 2 && byMs >= 500 ? 2 : null),
  row: (offset: number) => (offset <= 3 ? {} : null)
} as unknown as QueueView

const consumer = { key: { session: 'ab', tag: 't' }, unsettled: 2 }
const held = new Map([
  [1, consumer],
  [3, consumer]
])
const delivery = { queue, consumers: [consumer], held }
const shard: ShardMemory = {
  group: 1,
  queues: [queue],
  deliveries: [delivery],
  nextDueMs: 500,
  named: [],
  mayBeHeld: () => false
}

function memory(changes: Partial<ShardMemory>, open = 0): NodeMemory {
  return { shards: [{ ...shard, ...changes }], open: { 'bytes under way': open } }
}

t.test('what fits together is not reported', async (t) => {
  t.equal(incoherence(memory({})), null)
  t.equal(leftover(memory({})), null)
})

t.test('whoever holds what is not counted, or not there, is found', async (t) => {
  const more = { ...delivery, held: new Map([...held, [2, consumer]]) }
  t.equal(incoherence(memory({ deliveries: [more] })), '1/7: t holds 3, and is taken to hold 2')
  const less = { ...delivery, held: new Map([[1, null]]) }
  t.equal(incoherence(memory({ deliveries: [less] })), '1/7: t holds 0, and is taken to hold 2')
  const nobodys = { ...delivery, consumers: [] }
  t.equal(incoherence(memory({ deliveries: [nobodys] })), '1/7: 1 is held by t, who is not there')
})

t.test('what is due, and nobody will say so, is found', async (t) => {
  const forgotten = '1/7/2 is due, and nobody will say so'
  t.equal(incoherence(memory({ nextDueMs: 501 })), forgotten)
  t.equal(incoherence(memory({ nextDueMs: Number.POSITIVE_INFINITY })), forgotten)
  const later = { nextDueMs: noDeadlineMs }
  t.equal(incoherence(memory({ ...later, mayBeHeld: (_, offset) => offset === 2 })), null)
  t.equal(incoherence(memory({ ...later, named: [{ queue: 7, ranges: [1, 3] }] })), null)
  t.equal(incoherence(memory({ ...later, named: [{ queue: 8, ranges: [1, 3] }] })), forgotten)
})

t.test('what is left when nothing is under way is found', async (t) => {
  t.equal(leftover(memory({}, 9)), '9 bytes under way')
  const undecided = { ...delivery, held: new Map([[1, null]]) }
  t.equal(leftover(memory({ deliveries: [undecided] })), '1/7/1 waits for the log')
  const gone = { ...delivery, held: new Map([[4, consumer]]) }
  t.equal(leftover(memory({ deliveries: [gone] })), '1/7/4 is held, and gone')
})

t.test('a world looks at its members, and finds them whole', async (t) => {
  const world = new World(7)
  t.ok(await world.form(1))
  t.equal(world.memories.leftover, null)
  const [host] = world.hosts
  const epoch = host?.process?.epoch ?? 0
  const member = { memory: () => memory({ nextDueMs: 501 }) }
  for (let step = 0; step < 16; step += 1) {
    world.memories.stepped({ epoch, member } as Parameters<typeof world.memories.stepped>[0])
  }
  t.match(world.failures, [/whole-memory: process \d+: 1\/7\/2 is due/])
})
