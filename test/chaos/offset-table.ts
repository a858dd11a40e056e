// Which message each offset of each queue is. An offset has one message for ever, and once a queue
// is drained, every offset that was given out has been seen.
import type { Violations } from './violations.ts'

export interface MessageName {
  readonly publisher: number
  readonly sequence: number
}

/** Queues number their messages from here. */
const firstOffset = 1
const sequences = 2 ** 32

export class OffsetTable {
  /** Offset → publisher × 2^32 + sequence; both parts are below 2^21 and 2^32. */
  readonly #queues = new Map<string, Map<number, number>>()

  /** The other message that had this offset before, if there was one. */
  note(queue: string, offset: number, { publisher, sequence }: MessageName): MessageName | null {
    let messages = this.#queues.get(queue)
    if (messages === undefined) {
      messages = new Map()
      this.#queues.set(queue, messages)
    }
    const message = publisher * sequences + sequence
    const other = messages.get(offset) ?? message
    messages.set(offset, other)
    if (other === message) return null
    return { publisher: Math.floor(other / sequences), sequence: other % sequences }
  }

  finish(violations: Violations): void {
    for (const [queue, messages] of this.#queues) {
      let last = firstOffset - 1
      for (const offset of [...messages.keys()].sort((left, right) => left - right)) {
        if (offset !== last + 1)
          violations.add('offset-gap', `${queue}: ${last + 1} … ${offset - 1}`)
        last = offset
      }
    }
  }
}
