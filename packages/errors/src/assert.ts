// Assertions are for errors of the programmer, never for bad input. They stay on in production:
// inside a Raft group they halt that group's replica, outside a group they end the process.

/** A broken invariant. Never crosses the wire as such; a border turns it into `INTERNAL`. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}

/** @throws AssertionError unless `condition` holds. `sentence` says what should have been true. */
export function assert(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new AssertionError(sentence)
}

/** The end of every exhaustive switch: a case that the compiler proved impossible. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable value: ${JSON.stringify(value)}`)
}
