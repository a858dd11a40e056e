// The history of a run: one JSON line per event, one file per process, each file in the order of
// time. All processes are on one machine, so that one monotonic clock (nanoseconds) orders them
// all. An `invoke` is on disk before the publish is sent and a `deliver` before it is settled: a
// killed process leaves no message that the checker would take for invented or lost.
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs'
import { LineSplitter } from '@holdfast/testkit'

/** How a delivery ended: ack, nack with requeue, reject. */
export type Outcome = 'accepted' | 'released' | 'rejected'

export type HistoryEvent =
  | {
      readonly type: 'invoke'
      readonly at: number
      /** Number of the publisher process; every start has a new one. */
      readonly publisher: number
      /** From 1, without gaps. */
      readonly sequence: number
      readonly queue: string
      readonly size: number
      /** CRC-32 of the body. */
      readonly hash: number
    }
  /** Confirmed. */
  | {
      readonly type: 'ok'
      readonly at: number
      readonly publisher: number
      readonly sequence: number
    }
  /** `fail`: certainly not published. `info`: nobody knows. */
  | {
      readonly type: 'fail' | 'info'
      readonly at: number
      readonly publisher: number
      readonly sequence: number
      readonly code: string
    }
  | {
      readonly type: 'deliver'
      readonly at: number
      /** Number of the consumer process; every start has a new one. */
      readonly consumer: number
      /** From 1, over all queues of the process. */
      readonly delivery: number
      readonly queue: string
      readonly publisher: number
      readonly sequence: number
      readonly size: number
      readonly hash: number
      /** Null where the SDK does not tell. */
      readonly offset: number | null
      readonly redelivered: boolean
      readonly deliveryCount: number
    }
  | {
      readonly type: 'settle'
      readonly at: number
      readonly consumer: number
      readonly delivery: number
      readonly outcome: Outcome
    }
  /** The first `count` settle events of this consumer are committed. */
  | {
      readonly type: 'settled'
      readonly at: number
      readonly consumer: number
      readonly count: number
    }
  /**
   * Some settlements of this consumer in this queue came too late and were refused: whatever of
   * them is not covered by a `settled` yet ended nothing, for all that is known.
   */
  | {
      readonly type: 'settle-failed'
      readonly at: number
      readonly consumer: number
      readonly queue: string
    }
  /** The consumer gets the deliveries of this queue from a node; again after each failure. */
  | {
      readonly type: 'attached'
      readonly at: number
      readonly consumer: number
      readonly queue: string
      readonly node: number
    }
  /** A client of one node is about to connect to it; what it had before is gone. */
  | {
      readonly type: 'connecting'
      readonly at: number
      readonly process: string
      readonly node: number
    }
  /** That connection, its channel or one of its consumers was ended, and not by the client. */
  | {
      readonly type: 'lost'
      readonly at: number
      readonly process: string
      readonly reason: string
    }
  /** An error that reached application code. */
  | {
      readonly type: 'error'
      readonly at: number
      readonly process: string
      readonly code: string
      readonly message: string
    }
  | {
      readonly type: 'fault'
      readonly at: number
      readonly fault: string
      readonly node: number | null
      readonly group: number | null
    }
  | {
      readonly type: 'member-invoke'
      readonly at: number
      /** From 1; every call has its own. */
      readonly call: number
      readonly action: MemberAction
      /** Process that is asked; 0 for a change, which the whole cluster decides. */
      readonly reader: number
      /** Peer address of whom a change is about; null for a read. */
      readonly member: string | null
    }
  | {
      readonly type: 'member-ok'
      readonly at: number
      readonly call: number
      /** What was read; null for a change. */
      readonly members: readonly string[] | null
    }
  /** Nobody knows whether it has happened. */
  | { readonly type: 'member-info'; readonly at: number; readonly call: number }

/** Something that is done to the membership of the cluster, or a node that is asked for it. */
export type MemberAction = 'add' | 'remove' | 'read'

/** Nanoseconds of the machine's monotonic clock; exact for 104 days after boot, and close later. */
export function monotonicNs(): number {
  return Number(process.hrtime.bigint())
}

const flushBytes = 64 * 1024

/** Appends events to one file. Nothing is on disk before `flush`, or before 64 KiB gathered. */
export class HistoryWriter {
  readonly #file: number
  #lines: string[] = []
  #bytes = 0

  constructor(path: string) {
    this.#file = openSync(path, 'a')
  }

  append(event: HistoryEvent): void {
    const line = JSON.stringify(event)
    this.#lines.push(line)
    this.#bytes += line.length + 1
    if (this.#bytes >= flushBytes) this.flush()
  }

  flush(): void {
    if (this.#lines.length === 0) return
    writeAll(this.#file, Buffer.from(`${this.#lines.join('\n')}\n`))
    this.#lines = []
    this.#bytes = 0
  }

  close(): void {
    this.flush()
    closeSync(this.#file)
  }
}

function writeAll(file: number, bytes: Buffer): void {
  let at = 0
  while (at < bytes.length) at += writeSync(file, bytes, at)
}

/** The events of one file in batches. A last line that a kill has cut short is left out. */
async function* readFileEvents(path: string): AsyncGenerator<HistoryEvent[]> {
  const splitter = new LineSplitter()
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
    const lines = splitter.push(chunk as Buffer)
    if (lines.length > 0) yield lines.map((line) => JSON.parse(line) as HistoryEvent)
  }
}

interface Cursor {
  readonly source: AsyncGenerator<HistoryEvent[]>
  batch: HistoryEvent[]
  at: number
}

async function advance(cursor: Cursor): Promise<boolean> {
  while (cursor.at >= cursor.batch.length) {
    const { value, done } = await cursor.source.next()
    if (done === true) return false
    cursor.batch = value
    cursor.at = 0
  }
  return true
}

const mergeBatch = 1_024

/** All events of several files in the order of time, in batches; memory does not grow with them. */
export async function* readHistory(paths: readonly string[]): AsyncGenerator<HistoryEvent[]> {
  let open: Cursor[] = []
  for (const path of paths) {
    const cursor = { source: readFileEvents(path), batch: [], at: 0 }
    if (await advance(cursor)) open.push(cursor)
  }
  let merged: HistoryEvent[] = []
  while (open.length > 0) {
    let first = open[0] as Cursor
    for (const cursor of open) {
      if ((cursor.batch[cursor.at]?.at ?? 0) < (first.batch[first.at]?.at ?? 0)) first = cursor
    }
    merged.push(first.batch[first.at] as HistoryEvent)
    first.at += 1
    if (!(await advance(first))) open = open.filter((cursor) => cursor !== first)
    if (merged.length >= mergeBatch) {
      yield merged
      merged = []
    }
  }
  if (merged.length > 0) yield merged
}
