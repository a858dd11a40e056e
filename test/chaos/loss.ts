// What never came of one publisher: lost messages as runs, and offsets against sequences. A lost
// prefix points to a reset, a hole in the middle to a hole in the log, a lost end to a missing
// sync.
import { confirmed, type MessageTable, unknown } from './message-table.ts'
import type { Violations } from './violations.ts'

/** Lost messages by their place among the confirmed ones of their publisher and queue. */
export interface LostRuns {
  prefix: number
  middle: number
  postfix: number
}

export interface PublisherStreams {
  readonly publisher: number
  readonly table: MessageTable
  /** Names by queue number. */
  readonly queues: readonly string[]
}

interface Stream {
  isPrefix: boolean
  run: number
  offset: number
}

/** What is lost in each queue that lost anything. */
export type LostByQueue = Map<string, LostRuns>

/** The sum over all queues. */
export function sumOf(lost: LostByQueue): LostRuns {
  const sum: LostRuns = { prefix: 0, middle: 0, postfix: 0 }
  for (const { prefix, middle, postfix } of lost.values()) {
    sum.prefix += prefix
    sum.middle += middle
    sum.postfix += postfix
  }
  return sum
}

function note(lost: LostByQueue, queue: string, place: keyof LostRuns, run: number): void {
  if (run === 0) return
  const runs = lost.get(queue) ?? { prefix: 0, middle: 0, postfix: 0 }
  runs[place] += run
  lost.set(queue, runs)
}

/** One pass over the messages of a publisher, with the state of each of its queues aside. */
export function finishPublisher(
  { publisher, table, queues }: PublisherStreams,
  lost: LostByQueue,
  violations: Violations
): void {
  const streams: Stream[] = queues.map(() => ({ isPrefix: true, run: 0, offset: -1 }))
  for (let sequence = 1; sequence <= table.last; sequence += 1) {
    const queue = table.queues[sequence] ?? 0
    const stream = streams[queue]
    if (stream === undefined) continue
    const name = `${publisher}-${sequence} in ${queues[queue]}`
    const offset = table.offsets[sequence] ?? Number.NaN
    // What timed out may have been stored late; no order is promised for it.
    if (offset <= stream.offset && !table.has(sequence, unknown)) {
      violations.add('offset-order', `${name}: ${offset} after ${stream.offset}`)
    }
    if (offset > stream.offset && !table.has(sequence, unknown)) stream.offset = offset
    if (!table.has(sequence, confirmed)) continue
    if ((table.deliveries[sequence] ?? 0) > 0) {
      note(lost, queues[queue] ?? '', stream.isPrefix ? 'prefix' : 'middle', stream.run)
      stream.isPrefix = false
      stream.run = 0
    } else {
      stream.run += 1
      violations.add('lost', name)
    }
  }
  // A stream of which nothing came at all counts as a lost prefix.
  for (const [queue, { isPrefix, run }] of streams.entries()) {
    note(lost, queues[queue] ?? '', isPrefix ? 'prefix' : 'postfix', run)
  }
}
