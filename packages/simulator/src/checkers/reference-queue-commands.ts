// What is asked of one queue of the plain model.
import { consumerId, type SectionReply, type ShardCommand } from '@holdfast/broker'
import { comeBack, dropHead, reserve } from './reference-length.ts'
import { isOpenAt, isTaken, succeed } from './reference-lifetimes.ts'
import { fillRoom, reserveByPriority } from './reference-priorities.ts'
import { done, forEachOffset, offsetsOf, refused } from './reference-replies.ts'
import type { ReferenceQueue } from './reference-types.ts'

export type QueueCommand = Exclude<
  Extract<ShardCommand, { readonly queue: number }>,
  { type: 'settle' | 'detach-consumer' }
>

export interface ReferenceTimes {
  readonly timeMs: number
  readonly termStartMs: number
  readonly closingMs: number
}

export function commandQueue(
  queue: ReferenceQueue | undefined,
  command: QueueCommand,
  { timeMs, termStartMs, closingMs }: ReferenceTimes
): SectionReply {
  if (command.type === 'remove-dead-letters') {
    forEachOffset(command.numbers, 2, (number) => queue?.dead.delete(number))
    return done
  }
  if (command.type === 'reserve-messages') {
    reserve(queue, command, termStartMs)
    return done
  }
  if (command.type === 'reserve-by-priority') {
    reserveByPriority(queue, command)
    if (queue !== undefined) dropHead(queue, termStartMs)
    return done
  }
  if (queue === undefined) return refused('QUEUE_NOT_FOUND')
  const { messages, consumers } = queue
  switch (command.type) {
    case 'attach-consumer': {
      if (!isOpenAt(queue, timeMs)) return refused('QUEUE_NOT_FOUND')
      const id = consumerId(command.consumer)
      const { exclusive, priority } = command
      if (isTaken(queue, id, exclusive)) return refused('QUEUE_EXCLUSIVE')
      consumers.set(id, { exclusive, priority })
      succeed(queue)
      return done
    }
    case 'use-queue':
      if (queue.isOver) return { type: 'closing', messages: messages.size }
      queue.usedMs = timeMs
      return done
    case 'delete-queue-if': {
      if (command.ifUnused && consumers.size > 0) return refused('QUEUE_IN_USE')
      const held = offsetsOf(command.held)
      const isReady = [...messages.keys()].some((offset) => !held.has(offset))
      if (command.ifEmpty && (isReady || queue.dead.size > 0)) return refused('QUEUE_NOT_EMPTY')
      queue.closingUntilMs = timeMs + closingMs
      return { type: 'closing', messages: messages.size }
    }
    case 'purge-queue': {
      const keep = offsetsOf(command.keep)
      const gone = [...messages.keys()].filter((offset) => !keep.has(offset))
      for (const offset of gone) messages.delete(offset)
      queue.dead.clear()
      return { type: 'purged', messages: gone.length }
    }
    case 'return-unclaimed': {
      const claimed = offsetsOf(command.claimed)
      let count = 0
      for (const [offset, message] of messages) {
        if (offset > queue.mark || claimed.has(offset)) continue
        if (queue.settings.maxPriority > 0 && !message.isOut) continue
        message.attempt += 1
        comeBack(queue, message)
        count += 1
      }
      fillRoom(queue)
      dropHead(queue, termStartMs)
      return { type: 'returned', messages: count }
    }
  }
}
