// The numbers of the operations, the first field of every frame. Those of the client are below 32,
// those of the server above. They are never used again for something else.

/** Client → server. */
export const clientOperation = {
  hello: 1,
  request: 2,
  publish: 3,
  settle: 4,
  wantCredit: 5,
  heartbeat: 6,
  close: 7
} as const

/** Server → client. */
export const serverOperation = {
  welcome: 33,
  response: 34,
  confirm: 35,
  publishFailed: 36,
  deliver: 37,
  settled: 38,
  consumerCancelled: 39,
  heartbeat: 40,
  closing: 41,
  nodes: 42,
  settleFailed: 43
} as const

/** Bits of the flags of a publish. */
export const publishFlag = { mandatory: 1, first: 2 } as const

/** How a delivery ends: accepted is an ack, released a nack with requeue, rejected a reject. */
export type Outcome = 'accepted' | 'released' | 'rejected'

/** Outcomes by their number on the wire. */
export const outcomes: readonly Outcome[] = ['accepted', 'released', 'rejected']

/** The number of an outcome on the wire. */
export function outcomeNumber(outcome: Outcome): number {
  return outcomes.indexOf(outcome)
}
