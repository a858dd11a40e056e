// What came back takes its old place: as long as a leader has it, nothing behind it is handed out.
// A leader has what the log put back in its own term; of what came back before, somebody may hold
// the next attempt, until all have said so.
import { noDeadlineMs, type QueueView, type ShardEffect } from '@holdfast/broker'
import { forEachOffset } from './reference-replies.ts'

type Rows = Pick<QueueView, 'id' | 'row' | 'isOut'>

export class ReturnedFirst {
  /** By queue and offset: the term of the entry that put it back last. */
  readonly #back = new Map<number, Map<number, number>>()

  /** A replica has applied an entry of this term. */
  applied(term: number, effects: readonly ShardEffect[]): void {
    for (const effect of effects) {
      if (effect.type !== 'returned') continue
      const back = this.#back.get(effect.queue) ?? new Map<number, number>()
      this.#back.set(effect.queue, back)
      forEachOffset(effect.ranges, 2, (offset) => void back.set(offset, term))
    }
  }

  /**
   * What should have been handed out before `first`; null if nothing is. `attemptOf`: the latest
   * attempt in which a message was handed out. What may be due is passed over.
   */
  passedOver(
    term: number,
    queue: Rows,
    first: number,
    attemptOf: (offset: number) => number | undefined
  ): number | null {
    const back = this.#back.get(queue.id) ?? new Map<number, number>()
    for (const [offset, backTerm] of back) {
      const row = queue.row(offset)
      if (row === null) {
        back.delete(offset)
        continue
      }
      if (backTerm !== term || offset >= first || row.deadlineMs < noDeadlineMs) continue
      if ((attemptOf(offset) ?? row.attempt) < row.attempt && queue.isOut(offset)) return offset
    }
    return null
  }
}
