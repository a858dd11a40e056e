// Who waits for an answer: a client's request or an operator's call. Answered exactly once.
import { catalogue, type ErrorCode, type WireError, wireError } from '@holdfast/errors'

/** Answers a request: with its result, or with an error of the catalogue. */
export interface Responder {
  done(result: unknown): void
  refuse(error: WireError): void
  /** Of the client that asks: what is exclusive to it, it may use. Left out: an operator. */
  readonly client?: string
  /**
   * Whether nobody waits any more. Who lost its connection asks again elsewhere, and what it asks
   * then may be undone later: nothing is tried again for whom is gone.
   */
  isGone?(): boolean
}

/** An error of the catalogue as it crosses the wire, where code and details come from elsewhere. */
export function refusal(
  code: ErrorCode,
  details: Readonly<Record<string, string | number>>
): WireError {
  return Object.hasOwn(catalogue, code) ? wireError(code, details) : wireError('INTERNAL', {})
}
