// How queues of the reference end, and who is active, after anything that may change it.
import type { ConsumerKey, QueueSettings } from '../src/index.ts'
import type { ReferenceQueue } from './reference-types.ts'

const plain: QueueSettings = {
  autoDelete: false,
  expiresMs: 0,
  messageTtlMs: null,
  singleActive: false,
  deadLetter: null,
  lengthLimit: null,
  deliveryLimit: null,
  maxPriority: 0
}

export function createQueue(
  id: number,
  settings: QueueSettings = plain,
  timeMs = 0
): ReferenceQueue {
  const tables = { messages: [], dead: [], consumers: [], active: null }
  const numbers = { tail: 0, deadTail: 0, mark: 0, closingUntilMs: 0, activation: 0 }
  return { id, settings, usedMs: timeMs, isOver: false, ...tables, ...numbers }
}

export function isSame(a: ConsumerKey, b: ConsumerKey): boolean {
  return a.session === b.session && a.tag === b.tag
}

/** Whether it takes messages and consumers. */
export function isOpen(queue: ReferenceQueue | undefined, timeMs: number): boolean {
  return queue !== undefined && !queue.isOver && queue.closingUntilMs <= timeMs
}

export function expireAt(queue: ReferenceQueue, timeMs: number): void {
  const { expiresMs } = queue.settings
  if (expiresMs === 0 || queue.consumers.length > 0) return
  if (timeMs - queue.usedMs >= expiresMs) queue.isOver = true
}

/** Those whom `isGone` names leave. */
export function leave(
  queue: ReferenceQueue,
  timeMs: number,
  isGone: (key: ConsumerKey) => boolean
): void {
  const before = queue.consumers.length
  queue.consumers = queue.consumers.filter(({ key }) => !isGone(key))
  if (queue.consumers.length === before) return
  if (queue.active !== null && isGone(queue.active.key)) queue.active = null
  activate(queue)
  if (queue.consumers.length > 0) return
  if (queue.settings.autoDelete) queue.isOver = true
  else queue.usedMs = timeMs
}

export function activate(queue: ReferenceQueue): void {
  if (!queue.settings.singleActive || queue.active !== null) return
  const highest = Math.max(...queue.consumers.map(({ priority }) => priority))
  const next = queue.consumers.find(({ priority }) => priority === highest)
  if (next === undefined) return
  queue.active = next
  queue.activation += 1
}
