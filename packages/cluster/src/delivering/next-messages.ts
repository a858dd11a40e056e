// What of a queue is to be handed out next, at its leader: by offset, or by priority.
import type { DueJudge } from './due-judge.ts'

export interface NextMessages {
  readonly judge: DueJudge
  /** No offset from here on was handed out in this term, but for those that are held. */
  readonly cursor: number
  /** Whether there is nothing to hand out, nor will be when the log has decided. */
  readonly isEmpty: boolean
  /** All that nobody holds is to be handed out, whether it was passed over or is returned. */
  rewind(): void
  /** Everything below `offset` is handed out, or passed over. */
  passed(offset: number): void
  /** Handed out before, reserved or passed over, and due now. */
  giveBack(offset: number): void
  /** New offsets. */
  arrived(first: number, last: number): void
  /** The log put these offsets back. */
  returned(first: number, last: number): void
  /** Takes what comes before all that was never handed out; null if there is nothing. */
  takeReturned(): number | null
  /** The next offset that was not handed out in this term. */
  nextFresh(): number | null
}
