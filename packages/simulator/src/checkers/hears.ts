// What a shard decides that clients have a say in, for whoever compares the two.
import type { Outcome } from '@holdfast/broker'

/** A settlement that ends a message. */
export interface Ending {
  readonly queue: string
  readonly outcome: Outcome
  readonly offset: number
  readonly attempt: number
}

/** A dead letter that its shard holds no more. */
export interface Taken {
  readonly from: string
  /** The queue that it was for. */
  readonly to: string
  readonly body: string
}

/** Is told of each settlement that ends a message, and of each dead letter that is gone. */
export interface Hears {
  settles(ending: Ending): void
  taken(letter: Taken): void
}

export const nobody: Hears = { settles: () => undefined, taken: () => undefined }
