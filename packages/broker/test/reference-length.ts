// How queues of the reference are kept within their length limit, message by message.
import { recordBody } from '@holdfast/record'
import { isReserving, type ShardCommand } from '../src/index.ts'
import { die } from './reference-deaths.ts'
import { isIn } from './reference-pairs.ts'
import { makeRoom, weakestFirst } from './reference-priorities.ts'
import type { ReferenceMessage, ReferenceQueue } from './reference-types.ts'

const bodyBytes = (record: Uint8Array): number => recordBody(record, 0).length

function isTooLong({ settings: { lengthLimit } }: ReferenceQueue, ready: number[]): boolean {
  if (lengthLimit === null) return false
  const bytes = ready.reduce((sum, size) => sum + size, 0)
  const { messages: countMax, bytes: bytesMax } = lengthLimit
  return ready.length > (countMax ?? Infinity) || bytes > (bytesMax ?? Infinity)
}

export function readySizes({ messages }: ReferenceQueue): number[] {
  return messages.filter(({ isOut }) => !isOut).map(({ record }) => bodyBytes(record))
}

/** Whether there is more than is allowed of what must leave in time. */
export function isOverfull(queue: ReferenceQueue): boolean {
  const { lengthLimit } = queue.settings
  return lengthLimit?.overflow === 'drop-head' && isTooLong(queue, readySizes(queue))
}

/** Log time, and that of the first entry of the term. */
export interface ReferenceTimes {
  readonly timeMs: number
  readonly termStartMs: number
}

export function dropHead(queue: ReferenceQueue, { timeMs, termStartMs }: ReferenceTimes): void {
  while (isOverfull(queue)) {
    const [weakest] = weakestFirst(queue)
    queue.messages = queue.messages.filter((message) => message !== weakest)
    if (weakest !== undefined) die(queue, [weakest], 'maxlen', timeMs, termStartMs)
  }
}

/** Whether a queue that refuses takes these records. */
export function hasRoom(queue: ReferenceQueue, records: readonly Uint8Array[]): boolean {
  const { lengthLimit } = queue.settings
  if (lengthLimit === null || lengthLimit.overflow === 'drop-head') return true
  const waiting = records.slice(Math.max(0, queue.mark - queue.tail)).map(bodyBytes)
  return waiting.length === 0 || !isTooLong(queue, [...readySizes(queue), ...waiting])
}

/** It is ready again, unless there is room at a consumer that nothing has come for. */
export function comeBack(queue: ReferenceQueue, message: ReferenceMessage): void {
  if (!isReserving(queue.settings)) return
  message.isOut = queue.settings.maxPriority === 0 && queue.mark > queue.tail
  if (message.isOut) queue.mark--
}

/** All up to the mark is reserved that was above the one before; or no longer. */
export function moveMark(queue: ReferenceQueue, mark: number): void {
  if (queue.settings.maxPriority > 0) return
  for (const message of queue.messages) {
    const { offset } = message
    if (offset > Math.min(mark, queue.mark) && offset <= Math.max(mark, queue.mark)) {
      message.isOut = queue.settings.lengthLimit !== null && mark > queue.mark
    }
  }
  queue.mark = mark
}

export function reserve(
  queue: ReferenceQueue | undefined,
  { mark, take, free }: Extract<ShardCommand, { readonly type: 'reserve-messages' }>,
  times: ReferenceTimes
): void {
  if (queue === undefined || queue.settings.lengthLimit === null) return
  if (queue.settings.maxPriority > 0) return
  moveMark(queue, mark)
  for (const message of queue.messages) {
    if (isIn(take, message.offset)) message.isOut = true
    if (isIn(free, message.offset)) message.isOut = false
  }
  dropHead(queue, times)
}

/** Returns what is stale, and how many came back. */
export function giveBack(
  queue: ReferenceQueue,
  triples: readonly number[],
  { timeMs, termStartMs }: ReferenceTimes,
  counts = true
): { stale: number[]; count: number } {
  const limit = queue.settings.deliveryLimit ?? Number.POSITIVE_INFINITY
  const stale: number[] = []
  let count = 0
  for (let at = 0; at < triples.length; at += 3) {
    for (let offset = triples[at] ?? 0; offset <= (triples[at + 1] ?? 0); offset++) {
      const message = queue.messages.find((item) => item.offset === offset)
      if (message?.attempt === triples[at + 2] && message !== undefined) {
        message.attempt++
        if (counts) message.deliveryCount++
        if (message.deliveryCount > limit) {
          queue.messages = queue.messages.filter((item) => item !== message)
          die(queue, [message], 'delivery_limit', timeMs, termStartMs)
          continue
        }
        comeBack(queue, message)
        count++
      } else stale.push(offset)
    }
  }
  makeRoom(queue, queue.mark - queue.tail)
  return { stale, count }
}
