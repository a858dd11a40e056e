// The handlers of all shard commands but publishing. Each changes the state, notes its effects for
// the leader, and returns the reply. A refusal changes nothing.
import { assert, unreachable } from '@holdfast/errors'
import { shardVersion } from './entry-batch.ts'
import { type Consumer, consumerId } from './queue/consumer.ts'
import { addPair } from './queue/pairs.ts'
import { forGoodMs, ShardQueue } from './queue/queue.ts'
import { plainSettings } from './queue/settings.ts'
import type {
  ConsumerKey,
  QueueMark,
  SettleCommand,
  ShardCommand,
  TopologyChange
} from './shard-command.ts'
import { die, removeDeadLetters } from './shard-dead-letters.ts'
import { expireMessages } from './shard-leaving.ts'
import { reserveMessages } from './shard-length.ts'
import { reserveByPriority } from './shard-priority.ts'
import { done, type Refused, refused, type SectionReply } from './shard-reply.ts'
import { giveBack, noteReturned, release } from './shard-returns.ts'
import { addSession, dropSession, type ShardState } from './shard-state.ts'

type Command<Type extends ShardCommand['type']> = Extract<ShardCommand, { readonly type: Type }>

/** All dispatch by type is here. */
export function applyCommand(state: ShardState, command: ShardCommand): SectionReply {
  switch (command.type) {
    case 'settle':
      return settle(state, command)
    case 'advance-marks':
      return advanceMarks(state, command)
    case 'attach-consumer':
      return attachConsumer(state, command)
    case 'detach-consumer':
      return detachConsumer(state, command)
    case 'detach-session':
      return detachSession(state, command)
    case 'return-unclaimed':
      return returnUnclaimed(state, command)
    case 'purge-queue':
      return purgeQueue(state, command)
    case 'remove-dead-letters':
      return removeDeadLetters(state, command)
    case 'reserve-messages':
      return reserveMessages(state, command)
    case 'reserve-by-priority':
      return reserveByPriority(state, command)
    case 'delete-queue-if':
      return deleteQueueIf(state, command)
    case 'topology':
      return changeTopology(state, command)
    case 'use-queue':
      return useQueue(state, command)
    case 'expire-messages':
      return expireMessages(state, command)
    case 'activate-version':
      assert(command.version <= shardVersion, 'a version is activated when all members support it')
      state.version = Math.max(state.version, command.version)
      return done
    case 'tick':
      return done
    default:
      return unreachable(command)
  }
}

/** The shard knows the names of the queues it has only; the leader's caller knows the others. */
function queueNotFound(queue: number): Refused {
  return refused('QUEUE_NOT_FOUND', { queue, vhost: '' })
}

function namesOf(queue: ShardQueue): { queue: string; vhost: string } {
  return { queue: queue.name, vhost: queue.vhost }
}

function settle(state: ShardState, command: SettleCommand): SectionReply {
  const { consumer, outcome, ranges } = command
  const queue = state.queues.get(command.queue)
  const stale: number[] = []
  const returned: number[] = []
  for (let at = 0; at < ranges.length; at += 3) {
    const first = ranges[at] ?? 0
    const last = ranges[at + 1] ?? 0
    const attempt = ranges[at + 2] ?? 0
    if (queue === undefined) addPair(stale, first, last)
    else if (outcome === 'accepted') queue.index.settle(first, last, attempt, stale)
    else if (outcome === 'rejected') die(state, queue, [first, last], attempt, stale, 'rejected')
    else if (outcome === 'unseen') queue.giveBack([first, last], attempt, false, returned, stale)
    else giveBack(state, queue, [first, last], attempt, returned, stale)
  }
  if (queue === undefined) return { type: 'settled', stale }
  state.effects.push({ type: 'settled', queue: queue.id, consumer, outcome, ranges, stale })
  noteReturned(state, queue, returned)
  return { type: 'settled', stale }
}

function advanceMarks(state: ShardState, command: Command<'advance-marks'>): SectionReply {
  const marks: QueueMark[] = []
  for (const row of command.marks) {
    if (state.queues.get(row.queue)?.advanceMark(row.mark) === true) marks.push(row)
  }
  if (marks.length > 0) state.effects.push({ type: 'marks-advanced', marks })
  return done
}

function attachConsumer(state: ShardState, command: Command<'attach-consumer'>): SectionReply {
  const { prefetch, autoAck, exclusive, priority } = command
  const queue = state.queues.get(command.queue)
  if (queue === undefined || queue.isClosing(state.timeMs)) return queueNotFound(command.queue)
  if (queue.isTaken(command.consumer, exclusive)) return refused('QUEUE_EXCLUSIVE', namesOf(queue))
  const limit = state.limits.consumersPerQueueMax
  // Who is one already comes back to another leader, or on another connection.
  const isNew = !queue.consumers.has(consumerId(command.consumer))
  if (isNew && queue.consumers.size >= limit) {
    return refused('LIMIT_REACHED', { limit, kind: 'consumers of a queue' })
  }
  const { session, tag } = command.consumer
  const consumer: Consumer = { session, tag, prefetch, autoAck, exclusive, priority }
  queue.attach(consumer)
  addSession(state, session, queue.id)
  state.effects.push({ type: 'consumer-attached', queue: queue.id, consumer })
  activateNext(state, queue)
  return done
}

function activateNext(state: ShardState, queue: ShardQueue): void {
  const next = queue.activateNext()
  if (next === null) return
  const { session, tag } = next
  const { id, activation } = queue
  const consumer = { session, tag }
  state.effects.push({ type: 'consumer-activated', queue: id, consumer, activation })
}

/** All of them at once: none of those who leave becomes active on the way. */
function detach(state: ShardState, queue: ShardQueue, keys: readonly ConsumerKey[]): void {
  const before = queue.consumers.size
  for (const key of keys) {
    const consumer = queue.detach(key)
    if (consumer === null) continue
    dropSession(state, key.session, queue)
    state.effects.push({ type: 'consumer-detached', queue: queue.id, consumer })
  }
  if (queue.consumers.size === before) return
  activateNext(state, queue)
  if (queue.consumers.size > 0) return
  if (queue.settings.autoDelete) return end(state, queue)
  queue.use(state.timeMs)
  state.deadlines.note(queue)
}

/** The queue takes nothing any more. Its leader tells the metadata, and its deletion comes back. */
function end(state: ShardState, queue: ShardQueue): void {
  if (queue.isOver) return
  queue.close(forGoodMs)
  state.deadlines.forget(queue)
  state.effects.push({ type: 'queue-over', queue: queue.id })
}

/** Queues that nobody has used for as long as they were to wait. */
export function endUnused(state: ShardState): void {
  for (const queue of state.deadlines.due(state.timeMs)) end(state, queue)
}

function useQueue(state: ShardState, command: Command<'use-queue'>): SectionReply {
  const queue = state.queues.get(command.queue)
  if (queue === undefined) return queueNotFound(command.queue)
  if (queue.isOver) return { type: 'closing', messages: queue.liveCount }
  queue.use(state.timeMs)
  return done
}

/** A consumer that is gone already is no error: the command may be a repeat. */
function detachConsumer(state: ShardState, command: Command<'detach-consumer'>): SectionReply {
  const queue = state.queues.get(command.queue)
  if (queue !== undefined) detach(state, queue, [command.consumer])
  const messages = release(state, { queue: command.queue, ranges: command.release })
  return { type: 'returned', messages }
}

function detachSession(state: ShardState, command: Command<'detach-session'>): SectionReply {
  const { session } = command
  const ids = [...(state.sessions.get(session) ?? [])].sort((a, b) => a - b)
  for (const id of ids) {
    const queue = state.queues.get(id)
    if (queue === undefined) continue
    const own = [...queue.consumers.values()].filter((consumer) => consumer.session === session)
    detach(state, queue, own)
  }
  let messages = 0
  for (const part of command.releases) messages += release(state, part)
  return { type: 'returned', messages }
}

/** Calls `visit` for the parts of 1 … `last` that the pairs leave out. */
function forEachGap(
  pairs: readonly number[],
  last: number,
  visit: (first: number, last: number) => void
): void {
  const sorted: [number, number][] = []
  for (let at = 0; at < pairs.length; at += 2) sorted.push([pairs[at] ?? 0, pairs[at + 1] ?? 0])
  sorted.sort((a, b) => a[0] - b[0])
  let next = 1
  for (const [pairFirst, pairLast] of sorted) {
    if (pairFirst > last) break
    if (pairFirst > next) visit(next, pairFirst - 1)
    next = Math.max(next, pairLast + 1)
  }
  if (next <= last) visit(next, last)
}

function returnUnclaimed(state: ShardState, command: Command<'return-unclaimed'>): SectionReply {
  const queue = state.queues.get(command.queue)
  if (queue === undefined) return queueNotFound(command.queue)
  const returned: number[] = []
  forEachGap(command.claimed, Math.min(queue.mark, queue.tail), (first, last) => {
    queue.giveBack([first, last], null, false, returned, null)
  })
  return { type: 'returned', messages: noteReturned(state, queue, returned) }
}

function purgeQueue(state: ShardState, command: Command<'purge-queue'>): SectionReply {
  const queue = state.queues.get(command.queue)
  if (queue === undefined) return queueNotFound(command.queue)
  let messages = 0
  forEachGap(command.keep, queue.tail, (first, last) => {
    messages += queue.index.settle(first, last, null, null)
  })
  queue.dead.clear()
  state.effects.push({ type: 'purged', queue: queue.id, messages, last: queue.tail })
  return { type: 'purged', messages }
}

function deleteQueueIf(state: ShardState, command: Command<'delete-queue-if'>): SectionReply {
  const queue = state.queues.get(command.queue)
  if (queue === undefined) return queueNotFound(command.queue)
  if (command.ifUnused && queue.consumers.size > 0) return refused('QUEUE_IN_USE', namesOf(queue))
  if (command.ifEmpty && !isEmptyBut(queue, command.held))
    return refused('QUEUE_NOT_EMPTY', namesOf(queue))
  queue.close(state.timeMs + state.limits.closingMs)
  return { type: 'closing', messages: queue.liveCount }
}

/** Whether all that is in the queue is of these pairs; what is on its way elsewhere is in it. */
function isEmptyBut(queue: ShardQueue, held: readonly number[]): boolean {
  let isEmpty = queue.dead.count === 0
  forEachGap(held, queue.tail, (first, last) => {
    const next = isEmpty ? queue.nextLive(first) : null
    if (next !== null && next <= last) isEmpty = false
  })
  return isEmpty
}

function changeTopology(state: ShardState, command: Command<'topology'>): SectionReply {
  for (const change of command.changes) {
    if (change.cursor > state.topologyCursor) changeQueue(state, change)
  }
  state.topologyCursor = Math.max(state.topologyCursor, command.upTo)
  return done
}

function changeQueue(state: ShardState, change: TopologyChange): void {
  const existing = state.queues.get(change.queue)
  if (change.type === 'create-queue') {
    if (existing !== undefined) return
    const { settings = plainSettings } = change
    const queue = new ShardQueue(change.queue, change, settings, state)
    queue.use(state.timeMs)
    state.queues.set(change.queue, queue)
    state.deadlines.note(queue)
    state.effects.push({ type: 'queue-created', queue: change.queue })
    return
  }
  if (existing === undefined) return
  // Nobody takes over, and nothing ends by itself any more.
  existing.close(forGoodMs)
  detach(state, existing, [...existing.consumers.values()])
  state.deadlines.forget(existing)
  existing.index.clear()
  existing.dead.clear()
  existing.touch()
  state.queues.delete(change.queue)
  state.effects.push({ type: 'queue-deleted', queue: change.queue })
}
