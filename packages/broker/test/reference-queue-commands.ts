// The commands that concern one queue of the reference and none of its messages in particular.
import type { SectionReply, ShardCommand } from '../src/index.ts'
import { comeBack, dropHead, type ReferenceTimes, reserve } from './reference-length.ts'
import { activate, isOpen, isSame } from './reference-lifetimes.ts'
import { isIn } from './reference-pairs.ts'
import { makeRoom, reserveByPriority } from './reference-priorities.ts'
import type { ReferenceQueue } from './reference-types.ts'

export type QueueCommand = Exclude<
  Extract<ShardCommand, { readonly queue: number }>,
  { type: 'settle' | 'detach-consumer' }
>

export function commandQueue(
  queue: ReferenceQueue | undefined,
  command: QueueCommand,
  times: ReferenceTimes & { readonly closingMs: number }
): SectionReply {
  const { timeMs, closingMs } = times
  if (command.type === 'remove-dead-letters') {
    if (queue !== undefined) {
      queue.dead = queue.dead.filter(({ number }) => !isIn(command.numbers, number))
    }
    return { type: 'done' }
  }
  if (command.type === 'reserve-messages') {
    reserve(queue, command, times)
    return { type: 'done' }
  }
  if (command.type === 'reserve-by-priority') {
    reserveByPriority(queue, command)
    if (queue !== undefined) dropHead(queue, times)
    return { type: 'done' }
  }
  const name = { queue: `q${command.queue}`, vhost: '/' }
  const notFound: SectionReply = {
    type: 'refused',
    code: 'QUEUE_NOT_FOUND',
    details: { queue: command.queue, vhost: '' }
  }
  if (queue === undefined) return notFound
  if (command.type === 'attach-consumer') {
    if (!isOpen(queue, timeMs)) return notFound
    const others = queue.consumers.filter(({ key }) => !isSame(key, command.consumer))
    const isChosen = command.exclusive && queue.settings.singleActive
    if (isChosen || others.some(({ exclusive }) => exclusive || command.exclusive)) {
      return { type: 'refused', code: 'QUEUE_EXCLUSIVE', details: name }
    }
    const own = queue.consumers.find(({ key }) => isSame(key, command.consumer))
    const { consumer: key, exclusive, priority } = command
    if (own !== undefined) Object.assign(own, { exclusive, priority })
    else queue.consumers.push({ key, exclusive, priority })
    activate(queue)
    return { type: 'done' }
  }
  if (command.type === 'use-queue') {
    if (queue.isOver) return { type: 'closing', messages: queue.messages.length }
    queue.usedMs = timeMs
    return { type: 'done' }
  }
  if (command.type === 'delete-queue-if') {
    if (command.ifUnused && queue.consumers.length > 0) {
      return { type: 'refused', code: 'QUEUE_IN_USE', details: name }
    }
    const isReady = queue.messages.some(({ offset }) => !isIn(command.held, offset))
    if (command.ifEmpty && (isReady || queue.dead.length > 0)) {
      return { type: 'refused', code: 'QUEUE_NOT_EMPTY', details: name }
    }
    queue.closingUntilMs = timeMs + closingMs
    return { type: 'closing', messages: queue.messages.length }
  }
  if (command.type === 'purge-queue') {
    const kept = queue.messages.filter(({ offset }) => isIn(command.keep, offset))
    const messages = queue.messages.length - kept.length
    queue.messages = kept
    queue.dead = []
    return { type: 'purged', messages }
  }
  let messages = 0
  for (const message of queue.messages) {
    if (message.offset > queue.mark || isIn(command.claimed, message.offset)) continue
    if (queue.settings.maxPriority > 0 && !message.isOut) continue
    message.attempt++
    comeBack(queue, message)
    messages++
  }
  makeRoom(queue, queue.mark - queue.tail)
  dropHead(queue, times)
  return { type: 'returned', messages }
}
