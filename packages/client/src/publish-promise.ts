// The promise of one publish. They are made a hundred thousand times a second, so that one executor
// serves them all: a publish costs no closure of its own.

type Reject = (error: unknown) => void

/** The promise of one publish, as the batch keeps it. */
export interface PublishPromise {
  readonly promise: Promise<void>
  readonly resolve: () => void
  readonly reject: Reject
}

let lastResolve: () => void = () => undefined
let lastReject: Reject = () => undefined
const capture = (resolve: () => void, reject: Reject): void => {
  lastResolve = resolve
  lastReject = reject
}

/** A promise that is open, and the two ways to end it. */
export function makePromise(): PublishPromise {
  const promise = new Promise<void>(capture)
  return { promise, resolve: lastResolve, reject: lastReject }
}
