// How queues of the plain model end by themselves, which consumer of theirs is active, and how
// messages leave them.
import type { QueueSettings } from '@holdfast/broker'
import type { ReferenceMessage, ReferenceQueue } from './reference-types.ts'

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

export function blankQueue(
  names: { readonly vhost: string; readonly name: string },
  settings: QueueSettings = plain,
  timeMs = 0
): ReferenceQueue {
  const { vhost, name } = names
  const tables = { messages: new Map(), bodies: new Map(), consumers: new Map() }
  const dead = { dead: new Map(), deadTail: 0 }
  const state = { tail: 0, mark: 0, closingUntilMs: 0, isOver: false, active: null }
  return { vhost, name, settings, usedMs: timeMs, ...state, ...tables, ...dead }
}

export function isOpenAt(queue: ReferenceQueue | undefined, timeMs: number): boolean {
  return queue !== undefined && !queue.isOver && queue.closingUntilMs <= timeMs
}

/** Time has come to `timeMs`. */
export function expire(queue: ReferenceQueue, timeMs: number): void {
  const { expiresMs } = queue.settings
  const isUnused = expiresMs > 0 && queue.consumers.size === 0
  if (isUnused && timeMs >= queue.usedMs + expiresMs) queue.isOver = true
}

/** Those whose names `isGone` knows leave. */
export function depart(
  queue: ReferenceQueue,
  timeMs: number,
  isGone: (consumer: string) => boolean
): void {
  const gone = [...queue.consumers.keys()].filter(isGone)
  if (gone.length === 0) return
  for (const consumer of gone) queue.consumers.delete(consumer)
  if (gone.includes(queue.active ?? '')) queue.active = null
  succeed(queue)
  if (queue.consumers.size > 0) return
  queue.usedMs = timeMs
  if (queue.settings.autoDelete) queue.isOver = true
}

/** If nobody is active, whoever has the highest priority becomes it, the earliest of them. */
export function succeed(queue: ReferenceQueue): void {
  if (!queue.settings.singleActive || queue.active !== null) return
  const [next] = [...queue.consumers].sort(([, a], [, b]) => b.priority - a.priority)
  queue.active = next?.[0] ?? null
}

/** Whether others keep this consumer away. */
export function isTaken(queue: ReferenceQueue, id: string, exclusive: boolean): boolean {
  const others = [...queue.consumers].filter(([key]) => key !== id)
  const isChosen = exclusive && queue.settings.singleActive
  return isChosen || others.some(([, other]) => other.exclusive || exclusive)
}

/** Whether it has come back more often than its queue lets it. */
export function isSpent(
  { settings }: ReferenceQueue,
  { deliveryCount }: ReferenceMessage
): boolean {
  return deliveryCount > (settings.deliveryLimit ?? Number.POSITIVE_INFINITY)
}

/**
 * A message leaves its queue, for the dead letter exchange if there is one; in a term that began at
 * this log time, which numbers begin with.
 */
export function die(queue: ReferenceQueue, offset: number, termStartMs: number): void {
  if (queue.settings.deadLetter !== null) {
    queue.deadTail = Math.max(queue.deadTail + 1, Math.max(1, termStartMs) * 1024)
    queue.dead.set(queue.deadTail, queue.bodies.get(offset) ?? '')
  }
  queue.messages.delete(offset)
}
