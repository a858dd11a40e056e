// Purging and deleting a queue by a node whose metadata may be behind: the queue that has the name
// is meant, and 'not found' is said only by a node that knows.
import type { QueueTarget, SectionReply, ShardCommand } from '@holdfast/broker'
import t from 'tap'
import { clearQueue, deleteQueue } from '../../src/administration/queue-calls.ts'
import type { Core } from '../../src/core.ts'
import { times } from '../../src/limits.ts'
import type { OnFence } from '../../src/metadata/fence.ts'
import { coreWith, pass } from '../part-core.ts'

interface Node {
  readonly core: Core
  /** Commands at the shards' leaders, and how to answer them. */
  readonly asked: {
    readonly group: number
    readonly command: ShardCommand
    readonly answer: (reply: SectionReply | null) => void
  }[]
  readonly fences: OnFence[]
  /** Ids of queues that metadata was asked to delete. */
  readonly deleted: number[]
  /** What the caller was told. */
  readonly told: string[]
  /** Whether the caller has lost its connection. */
  isGone: boolean
  /** The queue that this node knows under the name `q`. */
  know(id: number | null, group?: number): void
}

const notFound: SectionReply = { type: 'refused', code: 'QUEUE_NOT_FOUND', details: {} }

function make(): Node {
  let known: QueueTarget | null = null
  const asked: Node['asked'] = []
  const fences: OnFence[] = []
  const deleted: number[] = []
  const core = coreWith({
    metadata: {
      machine: { topology: { queue: () => known, vhost: () => ({}) } },
      submit: (command: { queue: number }, done: (result: object) => void) => {
        deleted.push(command.queue)
        done({ reply: {} })
      }
    },
    fence: { wait: (done: OnFence) => fences.push(done) },
    shards: {
      submit: (
        group: number,
        command: ShardCommand,
        answer: (reply: SectionReply | null) => void
      ) => {
        asked.push({ group, command, answer })
      }
    }
  })
  const know: Node['know'] = (id, group = 1) => {
    known =
      id === null ? null : { vhost: '/', name: 'q', id, group, owner: null, refusesWhenFull: false }
  }
  know(1)
  return { core, asked, fences, deleted, told: [], isGone: false, know }
}

function responder(node: Node) {
  const { told } = node
  return {
    done: (result: unknown) => told.push(JSON.stringify(result)),
    refuse: ({ code }: { code: string }) => told.push(code),
    isGone: () => node.isGone
  }
}

function purge(node: Node): void {
  clearQueue(node.core, '/', 'q', responder(node))
}

function remove(node: Node): void {
  const request = { name: 'q', ifUnused: true, ifEmpty: false }
  deleteQueue(node.core, '/', request, responder(node))
}

t.test('the shard decides, then metadata deletes that very queue', async (t) => {
  const node = make()
  remove(node)
  t.match(node.asked, [{ group: 1, command: { queue: 1, ifUnused: true, ifEmpty: false } }])
  t.same(node.deleted, [])
  node.asked[0]?.answer({ type: 'closing', messages: 4 })
  t.same(node.deleted, [1])
  t.same(node.told, ['{"messages":4}'])
})

t.test('a queue that took the name meanwhile is the one that is meant', async (t) => {
  for (const [ask, reply] of [
    [purge, { type: 'purged', messages: 2 }],
    [remove, { type: 'closing', messages: 2 }]
  ] as const) {
    const node = make()
    ask(node)
    node.asked[0]?.answer(notFound)
    t.same(node.told, [], 'this node may be behind')
    node.know(2, 5)
    node.fences.shift()?.(true)
    t.match(node.asked[1], { group: 5, command: { queue: 2 } })
    node.asked[1]?.answer(reply)
    t.same(node.told, ['{"messages":2}'])
    t.same(node.deleted, ask === remove ? [2] : [])
  }
})

t.test('a queue that is gone is not found, if this node knows', async (t) => {
  for (const [isCurrent, code] of [
    [true, 'QUEUE_NOT_FOUND'],
    [false, 'UNAVAILABLE']
  ] as const) {
    const node = make()
    remove(node)
    node.asked[0]?.answer(notFound)
    node.know(null)
    node.fences.shift()?.(isCurrent)
    t.same(node.told, [code])
    t.same(node.deleted, [])
  }
})

t.test('another refusal of the shard is the answer', async (t) => {
  const node = make()
  remove(node)
  node.asked[0]?.answer({ type: 'refused', code: 'QUEUE_IN_USE', details: {} })
  t.same([node.told, node.deleted, node.fences.length], [['QUEUE_IN_USE'], [], 0])
})

t.test('a shard without a leader is asked again, for so long', async (t) => {
  const node = make()
  purge(node)
  let rounds = 0
  for (; node.told.length === 0; rounds++) {
    node.asked[rounds]?.answer(null)
    pass(node.core, times.requestTimeoutMs / 4)
    node.core.timers.tick()
  }
  t.same(node.told, ['UNAVAILABLE'])
  t.equal(rounds, 5)
})

t.test('nothing is tried again for a caller that is gone', async (t) => {
  const node = make()
  remove(node)
  node.asked[0]?.answer(notFound)
  node.know(2)
  node.isGone = true
  node.fences.shift()?.(true)
  t.equal(node.asked.length, 1, 'it may have declared that queue itself')
  node.isGone = false
  purge(node)
  node.isGone = true
  node.asked[1]?.answer(null)
  pass(node.core, times.retryMs)
  node.core.timers.tick()
  t.equal(node.asked.length, 2)
  t.same([node.told, node.deleted], [[], []])
})
