// Length limits of queues. What counts is what is ready; the leader of a queue with a limit says in
// the log what it reserves for consumers before it hands it out, so that every replica knows. What
// an entry makes too long is short enough again when the entry has been applied.
import { recordBody } from '@holdfast/record'
import { isTooLong } from './queue/length-limit.ts'
import { addPair } from './queue/pairs.ts'
import type { ShardQueue } from './queue/queue.ts'
import type { ShardCommand } from './shard-command.ts'
import { leave } from './shard-leaving.ts'
import { done, type Refused, refused, type SectionReply } from './shard-reply.ts'
import type { ShardState } from './shard-state.ts'

type ReserveMessages = Extract<ShardCommand, { readonly type: 'reserve-messages' }>

/**
 * The oldest messages leave a queue that drops them, until the rest is within its limit: those of
 * the lowest priority first.
 */
export function dropHead(state: ShardState, queue: ShardQueue): void {
  const { lengthLimit, maxPriority } = queue.settings
  const { index } = queue
  if (lengthLimit?.overflow !== 'drop-head' || !isTooLong(lengthLimit, index.ready)) return
  const ranges: number[] = []
  let { messages, bytes } = index.ready
  for (let priority = 0; priority <= maxPriority; priority++) {
    let offset = index.nextReady(1, priority)
    while (offset !== null && isTooLong(lengthLimit, { messages, bytes })) {
      messages--
      bytes -= index.bodyBytes(offset)
      addPair(ranges, offset, offset)
      offset = index.nextReady(offset + 1, priority)
    }
    if (offset !== null) break
  }
  leave(state, queue, ranges, 'maxlen')
}

export function refusesMore({ settings }: ShardQueue): boolean {
  return settings.lengthLimit !== null && settings.lengthLimit.overflow !== 'drop-head'
}

/** Whether a queue takes messages with bodies of these sizes, all or none. */
export function hasRoom(queue: ShardQueue, bodies: readonly number[]): boolean {
  const { lengthLimit } = queue.settings
  if (lengthLimit === null || !refusesMore(queue)) return true
  let { messages, bytes } = queue.index.ready
  let offset = queue.tail
  let isMore = false
  for (const size of bodies) {
    offset++
    // It goes to a consumer that has room for it.
    if (offset <= queue.mark) continue
    isMore = true
    messages++
    bytes += size
  }
  return !isMore || !isTooLong(lengthLimit, { messages, bytes })
}

/** Sizes of the bodies of accepted records, `starts[0, count)`. */
export function readBodySizes(
  data: Uint8Array,
  starts: Uint32Array,
  count: number,
  sizes: Uint32Array
): void {
  for (let at = 0; at < count; at++) sizes[at] = recordBody(data, starts[at] ?? 0).length
}

export function queueFull({ name, vhost }: ShardQueue): Refused {
  return refused('QUEUE_FULL', { queue: name, vhost })
}

/** Its leader has left out of `mark` and `free` what consumers may hold. */
export function reserveMessages(state: ShardState, command: ReserveMessages): SectionReply {
  const queue = state.queues.get(command.queue)
  if (queue === undefined || queue.settings.lengthLimit === null) return done
  // What is reserved there is chosen by the log: `reserveByPriority`.
  if (queue.settings.maxPriority > 0) return done
  queue.reserve(command.mark)
  for (const [ranges, isOut] of [[command.take, true] as const, [command.free, false] as const]) {
    for (let at = 0; at < ranges.length; at += 2) {
      queue.setOut(ranges[at] ?? 0, ranges[at + 1] ?? 0, isOut)
    }
  }
  dropHead(state, queue)
  state.effects.push({ type: 'marks-advanced', marks: [{ queue: queue.id, mark: queue.mark }] })
  return done
}
