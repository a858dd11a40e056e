// Calls to other nodes and their answers. A call ends exactly once: with the answer, with the loss
// of the link, or after `callTimeoutMs`. What a lost answer means is the caller's to decide; all
// calls may be repeated.
import { HoldfastError } from '@holdfast/errors'
import type { Core } from '../core.ts'
import { limits, times } from '../limits.ts'
import type { Call, CallResult } from './peer-message.ts'

export type Answer = (result: CallResult) => void

/** Answers a call of node `from`, which may be the own one. */
export type Handle = (from: number, call: Call, answer: Answer) => void

interface Pending {
  readonly node: number
  readonly deadlineMs: number
  readonly answer: Answer
}

export function errorResult(error: HoldfastError): Extract<CallResult, { type: 'error' }> {
  return { type: 'error', error: error.toWire() }
}

export class Calls {
  readonly #core: Core
  readonly #handle: Handle
  readonly #pending = new Map<number, Pending>()
  /** Begins at the epoch of this process: no answer to an earlier one is taken for its own. */
  #lastId: number

  constructor(core: Core, handle: Handle) {
    this.#core = core
    this.#lastId = core.options.processEpoch
    this.#handle = handle
  }

  /** Calls `node`; the own node is called without detour. */
  call(node: number, call: Call, answer: Answer): void {
    if (node === this.#core.identity?.node) return this.#take(node, call, answer)
    if (!this.#core.peers.canCall(node)) {
      return answer(this.#unavailable(`no link to node ${node}`))
    }
    if (this.#pending.size >= limits.callsMax) {
      return answer(this.#unavailable('too many calls are unanswered'))
    }
    const deadlineMs = this.#core.clock.nowMs + times.callTimeoutMs
    this.#pending.set(this.#send(node, call), { node, deadlineMs, answer })
  }

  /** A call that has to arrive: where too much is unanswered, nobody waits for its answer. */
  insist(node: number, call: Call, answer: Answer): void {
    const { identity, peers } = this.#core
    const isFull = node !== identity?.node && this.#pending.size >= limits.callsMax
    if (isFull && peers.canCall(node)) this.#send(node, call)
    this.call(node, call, answer)
  }

  #send(node: number, call: Call): number {
    this.#lastId++
    this.#core.peers.send(node, { type: 'call', id: this.#lastId, call })
    return this.#lastId
  }

  /** A call of another node arrived. */
  received(from: number, id: number, call: Call): void {
    this.#take(from, call, (result) => {
      this.#core.peers.send(from, { type: 'result', id, result })
    })
  }

  #take(from: number, call: Call, answer: Answer): void {
    let isAnswered = false
    try {
      this.#handle(from, call, (result) => {
        isAnswered = true
        answer(result)
      })
    } catch (error) {
      // Thrown before anything was done: what was asked for makes no sense.
      if (isAnswered || !(error instanceof HoldfastError)) throw error
      answer(errorResult(error))
    }
  }

  result(from: number, id: number, result: CallResult): void {
    const pending = this.#pending.get(id)
    if (pending?.node !== from) return
    this.#pending.delete(id)
    pending.answer(result)
  }

  /** The link to a node is gone, and its answers with it. */
  nodeDown(node: number): void {
    this.#fail((pending) => pending.node === node, `the link to node ${node} broke`)
  }

  tick(): void {
    const { nowMs } = this.#core.clock
    for (const pending of this.#pending.values()) {
      // Deadlines grow in the order of insertion.
      if (pending.deadlineMs > nowMs) return
      this.#fail((other) => other.deadlineMs <= nowMs, 'no answer in time')
      return
    }
  }

  #fail(isLost: (pending: Pending) => boolean, reason: string): void {
    const lost = [...this.#pending].filter(([, pending]) => isLost(pending))
    for (const [id] of lost) this.#pending.delete(id)
    for (const [, pending] of lost) pending.answer(this.#unavailable(reason))
  }

  #unavailable(reason: string): CallResult {
    return errorResult(new HoldfastError('UNAVAILABLE', { reason }))
  }
}
