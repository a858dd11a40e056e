// Calls of the admin API on their way through the member: numbered, bounded, each with a deadline.
import type { AdminReply, AdminRequest } from '@holdfast/cluster'
import { HoldfastError, type WireError } from '@holdfast/errors'
import { serverLimits } from './limits.ts'

interface Call {
  readonly resolve: (reply: AdminReply) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

export class AdminCalls {
  readonly #submit: (id: number, request: AdminRequest) => void
  readonly #calls = new Map<number, Call>()
  #lastId = 0
  #refusal: string | null = null

  constructor(submit: (id: number, request: AdminRequest) => void) {
    this.#submit = submit
  }

  /**
   * @throws UNAVAILABLE when too many wait or no answer came in time, and whatever the member
   * refuses
   */
  ask(request: AdminRequest): Promise<AdminReply> {
    return new Promise((resolve, reject) => {
      if (this.#refusal !== null) {
        reject(new HoldfastError('UNAVAILABLE', { reason: this.#refusal }))
        return
      }
      if (this.#calls.size >= serverLimits.adminCallsMax) {
        reject(new HoldfastError('UNAVAILABLE', { reason: 'too many calls are unanswered' }))
        return
      }
      const id = ++this.#lastId
      const timer = setTimeout(() => {
        this.#calls.delete(id)
        reject(new HoldfastError('UNAVAILABLE', { reason: 'no answer in time' }))
      }, serverLimits.adminCallTimeoutMs)
      timer.unref()
      this.#calls.set(id, { resolve, reject, timer })
      this.#submit(id, request)
    })
  }

  /** An answer to a call that is no longer waited for is dropped. */
  answer(id: number, result: AdminReply | { readonly error: WireError }): void {
    const call = this.#calls.get(id)
    if (call === undefined) return
    this.#calls.delete(id)
    clearTimeout(call.timer)
    if ('error' in result) call.reject(HoldfastError.fromWire(result.error))
    else call.resolve(result)
  }

  /** Refuses those that wait and those that come. */
  refuseAll(reason: string): void {
    this.#refusal = reason
    for (const [id, call] of [...this.#calls]) {
      this.#calls.delete(id)
      clearTimeout(call.timer)
      call.reject(new HoldfastError('UNAVAILABLE', { reason }))
    }
  }
}
