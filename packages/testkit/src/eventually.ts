// Waiting for something to become true: polls until it is, or until a deadline that says in its
// error what was waited for and what was seen last. Replaces every sleep in tests.
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'

export interface EventuallyOptions {
  /**
   * Default 60,000. What is waited for may need an election, a grace and some retries, on a machine
   * that many others use; who waits in vain has found a defect, and may take longer to say so.
   */
  readonly timeoutMs?: number
  /**
   * Pause between two looks. Default: a twentieth of the time waited so far, from 10 to 100. Who
   * looks often at nodes that are busy keeps them from what is waited for.
   */
  readonly intervalMs?: number
  /** Ends the wait early by throwing, for instance when a process has died. */
  readonly giveUp?: () => string | null
}

const pauseMsMin = 10
const pauseMsMax = 100

/** The wait ended without success. */
export class WaitError extends Error {
  override readonly name = 'WaitError'
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/**
 * Calls `look` until it returns something other than `undefined`, `null` or `false`, and returns
 * that. An error thrown by `look` counts as "not yet"; the last one is the cause of the failure.
 *
 * @throws WaitError at the deadline.
 */
export async function eventually<Value>(
  what: string,
  look: () => Value | undefined | null | false | Promise<Value | undefined | null | false>,
  options: EventuallyOptions = {}
): Promise<Value> {
  const { timeoutMs = 60_000, intervalMs, giveUp } = options
  const start = performance.now()
  let last: unknown
  for (;;) {
    try {
      const seen = await look()
      if (seen !== undefined && seen !== null && seen !== false) return seen as Value
      last = undefined
    } catch (error) {
      last = error
    }
    const hopeless = giveUp?.() ?? null
    const waitedMs = performance.now() - start
    if (hopeless !== null || waitedMs >= timeoutMs) {
      const why = hopeless ?? `not within ${timeoutMs} ms`
      const seen = last === undefined ? '' : ` (last: ${reason(last)})`
      throw new WaitError(`${what}: ${why}${seen}`, { cause: last })
    }
    const pauseMs = intervalMs ?? Math.min(pauseMsMax, Math.max(pauseMsMin, waitedMs / 20))
    await delay(Math.min(pauseMs, Math.max(1, timeoutMs - waitedMs)))
  }
}

/** Ends with `promise`, or with a WaitError that says `what` did not happen in time. */
export async function within<Value>(
  what: string,
  timeoutMs: number,
  promise: Promise<Value>
): Promise<Value> {
  const stop = new AbortController()
  const late = delay(timeoutMs, undefined, { signal: stop.signal }).then(() => {
    throw new WaitError(`${what}: not within ${timeoutMs} ms`)
  })
  late.catch(() => {})
  try {
    return await Promise.race([promise, late])
  } finally {
    stop.abort()
  }
}
