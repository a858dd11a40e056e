// What a consumer of the simulated world is told to be, and what it holds.
import type { Outcome } from '@holdfast/protocol'
import type { History } from './history.ts'

export interface ConsumerOptions {
  readonly history: History
  /** As the history names it. */
  readonly queue: string
  readonly prefetch: number
  readonly autoAck?: boolean
  readonly exclusive?: boolean
  /** Somebody wants its queue to himself: it may be refused. */
  readonly isContested?: boolean
  readonly priority?: number
  /** It asks for single messages (AMQP 0-9-1 basic.get). */
  readonly isIdle?: boolean
  /** Its prefetch is that of a channel with two consumers (AMQP 0-9-1 basic.qos). */
  readonly isGlobal?: boolean
  /** It cancels from time to time, and comes back. */
  readonly isRestless?: boolean
  readonly workMsMax?: number
  readonly releaseChance?: number
  readonly rejectChance?: number
}

/** A delivery without an answer to its settlement. */
export interface Held {
  /** The attachment in which it came. */
  readonly attachment: number
  readonly offset: number
  readonly attempt: number
  outcome: Outcome | null
}
