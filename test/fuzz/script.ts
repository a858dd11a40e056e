// An input as a script for a state machine: what happens to it, step by step. Every input is a
// script, so that every change of one is another script.
//
//   script := step*        step := operation:u8 length:u16be payload        (a payload may be cut)

export interface Step {
  readonly operation: number
  readonly payload: Uint8Array
}

const headBytes = 3

export function* stepsOf(input: Uint8Array): Generator<Step> {
  for (let at = 0; at < input.length; ) {
    const length = (input[at + 1] ?? 0) * 256 + (input[at + 2] ?? 0)
    const start = at + headBytes
    yield { operation: input[at] ?? 0, payload: input.subarray(start, start + length) }
    at = start + length
  }
}

export function step(operation: number, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  const head = Uint8Array.of(operation, payload.length >> 8, payload.length)
  return Buffer.concat([head, payload])
}

/** A small number out of a payload: how long, how much, which one. */
export function numberIn(payload: Uint8Array, at = 0): number {
  return (payload[at] ?? 0) * 256 + (payload[at + 1] ?? 0)
}
