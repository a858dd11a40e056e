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

/** A message that its shard puts back into its queue. */
export interface Returned {
  readonly queue: string
  readonly body: string
  /** Of the leader that had it put back. */
  readonly term: number
  /** Since nobody claimed it at that leader. */
  readonly isUnclaimed: boolean
}

/** Is told of settlements that end messages, of dead letters that are gone, of what comes back. */
export interface Hears {
  settles(ending: Ending): void
  taken(letter: Taken): void
  returned(message: Returned): void
  /** The leader of a term has put back whatever nobody claimed in a queue. */
  opened(term: number, queue: string): void
}

export const nobody: Hears = {
  settles: () => undefined,
  taken: () => undefined,
  returned: () => undefined,
  opened: () => undefined
}
