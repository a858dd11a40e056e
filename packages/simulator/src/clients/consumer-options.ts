// What a consumer of the simulated world is told to be.
import type { History } from './history.ts'

export interface ConsumerOptions {
  readonly history: History
  /** As the history names it. */
  readonly queue: string
  readonly prefetch: number
  readonly autoAck?: boolean
  readonly exclusive?: boolean
  /** It cancels from time to time, and comes back. */
  readonly isRestless?: boolean
  readonly workMsMax?: number
  readonly releaseChance?: number
  readonly rejectChance?: number
}
