// How a test bends the broker in memory.
import type { HoldfastError } from '@holdfast/errors'

/** What a test may bend. */
export interface FakeBehaviour {
  /** Publishes are taken and stored but not confirmed. */
  mutesConfirms: boolean
  /** Publishes are not even stored. */
  dropsPublishes: boolean
  /** Settlements are not answered. */
  mutesSettled: boolean
  /** Never grants credit. */
  deniesCredit: boolean
  /** Answers requests of a type with an error, as long as it is set. */
  readonly refusals: Map<string, HoldfastError>
  /** Types of requests that get no answer. */
  readonly mutesRequests: Set<string>
}

/** A broker that does what it should. */
export function unbent(): FakeBehaviour {
  return {
    mutesConfirms: false,
    dropsPublishes: false,
    mutesSettled: false,
    deniesCredit: false,
    refusals: new Map(),
    mutesRequests: new Set()
  }
}
