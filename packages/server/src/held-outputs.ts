// Outputs that may leave only when a commit record is durable. This is where 'persist before you
// speak' is kept. What was held for one destination leaves in the order in which it came; what
// needs no record may overtake.
import type { Output } from '@holdfast/cluster'

/** An output that goes to one destination and may have to wait. */
export type Sendable = Extract<Output, { type: 'peer-send' | 'client-send' | 'client-close' }>

interface Held {
  readonly output: Sendable
  readonly after: number
  readonly destination: number
}

/** Clients and lanes of peers as one number: clients count up, lanes count down. */
function destinationOf(output: Sendable): number {
  if (output.type === 'peer-send') return -(output.node * 2 + (output.lane === 'raft' ? 0 : 1)) - 1
  return output.connection
}

export class HeldOutputs {
  #queue: Held[] = []
  readonly #counts = new Map<number, number>()

  get size(): number {
    return this.#queue.length
  }

  /**
   * Takes the output if it must wait: its record is not durable, or it carries a record (or is a
   * close) and something for its destination waits already. False: it may leave now.
   */
  holds(output: Sendable, durable: number): boolean {
    const after = output.type === 'client-close' ? durable : output.after
    if (after === null) return false
    const destination = destinationOf(output)
    const waiting = this.#counts.get(destination) ?? 0
    if (after <= durable && waiting === 0) return false
    this.#counts.set(destination, waiting + 1)
    this.#queue.push({ output, after, destination })
    return true
  }

  /** Hands out, in order, what record `durable` set free. */
  release(durable: number, carry: (output: Sendable) => void): void {
    let freed = 0
    // The queue is released from its head only, which keeps the order of each destination whatever
    // records its outputs name.
    for (const held of this.#queue) {
      if (held.after > durable) break
      freed++
      const waiting = this.#counts.get(held.destination) ?? 1
      if (waiting === 1) this.#counts.delete(held.destination)
      else this.#counts.set(held.destination, waiting - 1)
      carry(held.output)
    }
    if (freed === this.#queue.length) this.#queue = []
    else if (freed > 0) this.#queue = this.#queue.slice(freed)
  }
}
