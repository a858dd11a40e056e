// What is known of the messages of a run: of each, and of each delivery of it.

/** A message is named by its publisher and sequence: it is in its body. */
export interface Published {
  readonly publisher: string
  readonly sequence: number
  /** Queues that it must reach; none: it must be returned. */
  readonly queues: readonly string[]
  /** With which code it is refused where it can be in none of its queues; null: it is not. */
  readonly refusal: string | null
  /** When the publisher heard that it is confirmed. */
  confirmedMs: number | null
  failure: string | null
  /** It was, or may have been, sent again on another connection. */
  isRepeated: boolean
}

/** What became of it, as far as its publisher knows. */
export function outcomeOf({ confirmedMs, failure }: Published): string {
  return failure ?? (confirmedMs === null ? 'none' : 'confirmed')
}

export interface Delivered {
  readonly message: string
  /** Attempts in which it was delivered. */
  readonly attempts: Set<number>
  /** The attempt whose settlement was confirmed as final. */
  settledAttempt: number | null
}
