// Calls of the admin API on their way through the member: numbered, bounded, each with a deadline.
// The question who calls is bounded by those who ask it, each of whom has few at a time: a bound of
// all together would let strangers with wrong passwords keep everybody else out.
import type { AdminReply, AdminRequest, Gone, Input } from '@holdfast/cluster'
import { HoldfastError, type WireError } from '@holdfast/errors'
import { serverLimits } from './limits.ts'

interface Call {
  readonly resolve: (reply: AdminReply) => void
  readonly reject: (error: Error) => void
  readonly isLogin: boolean
  readonly forget: () => void
}

const unavailable = (reason: string): HoldfastError => new HoldfastError('UNAVAILABLE', { reason })

export class AdminCalls {
  readonly #submit: (input: Extract<Input, { type: 'admin' | 'admin-gone' }>) => void
  readonly #calls = new Map<number, Call>()
  /** Calls of `#calls` that are no logins. */
  #counted = 0
  #lastId = 0
  #refusal: string | null = null

  constructor(submit: (input: Extract<Input, { type: 'admin' | 'admin-gone' }>) => void) {
    this.#submit = submit
  }

  /**
   * @throws UNAVAILABLE when too many wait, no answer came in time, or nobody wants it any more
   * (`gone`), and whatever the member refuses
   */
  ask(request: AdminRequest, gone?: Gone): Promise<AdminReply> {
    return new Promise((resolve, reject) => {
      if (this.#refusal !== null) return reject(unavailable(this.#refusal))
      if (gone?.aborted === true) return reject(unavailable('the caller is gone'))
      const isLogin = request.type === 'authenticate'
      if (!isLogin && this.#counted >= serverLimits.adminCallsMax) {
        return reject(unavailable('too many calls are unanswered'))
      }
      const id = ++this.#lastId
      const timer = setTimeout(() => {
        this.#take(id)?.reject(unavailable('no answer in time'))
      }, serverLimits.adminCallTimeoutMs)
      timer.unref()
      const onGone = (): void => {
        this.#take(id)?.reject(unavailable('the caller is gone'))
        if (isLogin) this.#submit({ type: 'admin-gone', id })
      }
      gone?.addEventListener('abort', onGone)
      const forget = (): void => {
        clearTimeout(timer)
        gone?.removeEventListener('abort', onGone)
      }
      this.#calls.set(id, { resolve, reject, isLogin, forget })
      if (!isLogin) this.#counted++
      this.#submit({ type: 'admin', id, request })
    })
  }

  /** An answer to a call that is no longer waited for is dropped. */
  answer(id: number, result: AdminReply | { readonly error: WireError }): void {
    const call = this.#take(id)
    if (call === undefined) return
    if ('error' in result) call.reject(HoldfastError.fromWire(result.error))
    else call.resolve(result)
  }

  /** Refuses those that wait and those that come. */
  refuseAll(reason: string): void {
    this.#refusal = reason
    for (const id of [...this.#calls.keys()]) this.#take(id)?.reject(unavailable(reason))
  }

  #take(id: number): Call | undefined {
    const call = this.#calls.get(id)
    if (call === undefined) return undefined
    this.#calls.delete(id)
    if (!call.isLogin) this.#counted--
    call.forget()
    return call
  }
}
