// Follows the histories of a run while it goes on: which confirmed messages have not been delivered
// yet. After a cut those from before it must come within a time, so that a loss is noticed at its
// cut and not at the end of the run, which has the last word.
import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { LineSplitter } from '@holdfast/testkit'
import type { HistoryEvent } from '../chaos/history.ts'

interface OpenHistory {
  readonly file: number
  readonly lines: LineSplitter
}

const chunkBytes = 256 * 1024

export class Outstanding {
  readonly #directory: string
  readonly #isFollowed: (publisher: number) => boolean
  readonly #open = new Map<string, OpenHistory>()
  readonly #chunk = Buffer.alloc(chunkBytes)
  /** When each message was confirmed that is not delivered yet. */
  readonly #waiting = new Map<string, number>()
  /** Delivered before their confirm was seen. */
  readonly #early = new Set<string>()
  #confirmed = 0

  /** `isFollowed` tells the publishers whose messages somebody consumes meanwhile. */
  constructor(directory: string, isFollowed: (publisher: number) => boolean = () => true) {
    this.#directory = directory
    this.#isFollowed = isFollowed
  }

  get confirmed(): number {
    return this.#confirmed
  }

  /** Reads what was written since. */
  poll(): void {
    if (!existsSync(this.#directory)) return
    for (const name of readdirSync(this.#directory)) {
      if (!name.endsWith('.jsonl')) continue
      let history = this.#open.get(name)
      if (history === undefined) {
        const file = openSync(join(this.#directory, name), 'r')
        history = { file, lines: new LineSplitter() }
        this.#open.set(name, history)
      }
      this.#read(history)
    }
  }

  #read({ file, lines }: OpenHistory): void {
    for (;;) {
      const length = readSync(file, this.#chunk)
      if (length === 0) return
      for (const line of lines.push(Buffer.from(this.#chunk.subarray(0, length)))) {
        this.#push(JSON.parse(line) as HistoryEvent)
      }
    }
  }

  #push(event: HistoryEvent): void {
    if (event.type !== 'ok' && event.type !== 'deliver') return
    if (!this.#isFollowed(event.publisher)) return
    const key = `${event.publisher}-${event.sequence}`
    if (event.type === 'ok') {
      this.#confirmed += 1
      if (!this.#early.delete(key)) this.#waiting.set(key, event.at)
    } else if (!this.#waiting.delete(key)) this.#early.add(key)
  }

  /** Confirmed at or before a moment of the monotonic clock (ns), and not delivered yet. */
  since(at: number): string[] {
    const found: string[] = []
    for (const [key, confirmedAt] of this.#waiting) if (confirmedAt <= at) found.push(key)
    return found
  }

  close(): void {
    for (const { file } of this.#open.values()) closeSync(file)
    this.#open.clear()
  }
}
