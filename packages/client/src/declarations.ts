// What this connection declared and has not deleted, in the order of the declarations. It is
// declared again after a reconnect, in case the cluster lost it; whoever deletes something through
// another connection should know that.
import type { HoldfastError } from '@holdfast/errors'
import type { ClientRequest } from '@holdfast/protocol'
import { clientLimits } from './limits.ts'
import { endsOf, isRemoval, subjectOf } from './subjects.ts'

const missing: readonly string[] = ['QUEUE_NOT_FOUND', 'EXCHANGE_NOT_FOUND']

export class Declarations {
  /** By what they made. */
  readonly #requests = new Map<string, ClientRequest>()

  /** In the order in which they were made. */
  get requests(): readonly ClientRequest[] {
    return [...this.#requests.values()]
  }

  /**
   * Takes notice of a request that succeeded. Beyond the bound the oldest is kept and the new one
   * is not: it exists all the same.
   */
  note(request: ClientRequest): void {
    const subject = isRemoval(request) ? null : subjectOf(request)
    if (subject === null) return
    if (this.#requests.has(subject) || this.#requests.size < clientLimits.declarationsMax) {
      this.#requests.set(subject, request)
    }
  }

  /**
   * Takes notice of a request that is asked for: what it removes is not declared again, also if the
   * link breaks before the answer. Returns that, for `restore`.
   */
  forget(request: ClientRequest): readonly ClientRequest[] {
    const subject = isRemoval(request) ? subjectOf(request) : null
    if (subject === null) return []
    const forgotten = this.#take(subject)
    if (request.type.startsWith('delete-')) {
      for (const [binding, kept] of this.#requests) {
        if (endsOf(kept).includes(subject)) forgotten.push(...this.#take(binding))
      }
    }
    for (const binding of [...forgotten]) forgotten.push(...this.#forgetSource(binding))
    return forgotten
  }

  /** The application ended its last consumer of a queue here: an auto-delete one goes with that. */
  forgetUnused(queue: string): void {
    const request = this.#requests.get(`queue ${queue}`)
    if (request?.type !== 'declare-queue' || request.options.autoDelete !== true) return
    this.forget({ type: 'delete-queue', name: queue, ifUnused: true, ifEmpty: false })
  }

  /**
   * The removal failed. If it was refused, what it was to remove is there; if that is not known, or
   * was not there, it stays forgotten. What was declared anew meanwhile stays as it is.
   */
  restore(forgotten: readonly ClientRequest[], { code, row }: HoldfastError): void {
    if (row.retry !== 'never' || missing.includes(code)) return
    for (const request of forgotten) {
      if (!this.#requests.has(subjectOf(request) ?? '')) this.note(request)
    }
  }

  /** An auto-delete exchange goes with the last binding of which it is the source. */
  #forgetSource(binding: ClientRequest): readonly ClientRequest[] {
    const [source] = endsOf(binding)
    const exchange = source === undefined ? undefined : this.#requests.get(source)
    if (exchange?.type !== 'declare-exchange' || exchange.options.autoDelete !== true) return []
    for (const kept of this.#requests.values()) if (endsOf(kept)[0] === source) return []
    return this.forget({ type: 'delete-exchange', name: exchange.name, ifUnused: true })
  }

  #take(subject: string): ClientRequest[] {
    const request = this.#requests.get(subject)
    if (request === undefined) return []
    this.#requests.delete(subject)
    return [request]
  }
}

/**
 * Made here and not by a node, whose names are reserved: who asks again, or declares again, means
 * the same queue. Nobody has had the name before.
 */
export function queueName(random: Uint8Array): string {
  return `gen-${Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
