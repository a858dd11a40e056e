// What this connection declared and has not deleted, in the order of the declarations. It is
// declared again after a reconnect, in case the cluster lost it; whoever deletes something through
// another connection should know that.
import type { ClientRequest } from '@holdfast/protocol'
import { clientLimits } from './limits.ts'

export class Declarations {
  readonly #requests = new Map<string, ClientRequest>()

  /** In the order in which they were made. */
  get requests(): readonly ClientRequest[] {
    return [...this.#requests.values()]
  }

  /** Takes notice of a request that succeeded. */
  note(request: ClientRequest): void {
    switch (request.type) {
      case 'declare-queue':
        this.#remember(`queue ${request.name}`, request)
        return
      case 'declare-exchange':
        this.#remember(`exchange ${request.name}`, request)
        return
      case 'bind-queue':
      case 'bind-exchange':
        this.#remember(bindingKey(request), request)
        return
      case 'unbind-queue':
      case 'unbind-exchange':
        this.#requests.delete(bindingKey(request))
        return
      case 'delete-queue':
        this.#requests.delete(`queue ${request.name}`)
        this.#forget((kept) => kept.type === 'bind-queue' && kept.queue === request.name)
        return
      case 'delete-exchange':
        this.#requests.delete(`exchange ${request.name}`)
        this.#forget((kept) => names(kept, request.name))
        return
      case 'purge-queue':
      case 'inspect-queue':
      case 'inspect-exchange':
      case 'locate-queue':
      case 'consume':
      case 'cancel':
      case 'nodes':
        return
    }
  }

  /** Beyond the bound the oldest is kept and the new one is not: it exists all the same. */
  #remember(key: string, request: ClientRequest): void {
    if (this.#requests.has(key) || this.#requests.size < clientLimits.declarationsMax) {
      this.#requests.set(key, request)
    }
  }

  #forget(isGone: (request: ClientRequest) => boolean): void {
    for (const [key, request] of this.#requests) if (isGone(request)) this.#requests.delete(key)
  }
}

/**
 * Made here and not by a node, whose names are reserved: who asks again, or declares again, means
 * the same queue. Nobody has had the name before.
 */
export function queueName(random: Uint8Array): string {
  return `gen-${Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

/** Names what a request makes or removes; null if it does neither. */
export function subjectOf(request: ClientRequest): string | null {
  switch (request.type) {
    case 'declare-queue':
    case 'delete-queue':
      return `queue ${request.name}`
    case 'declare-exchange':
    case 'delete-exchange':
      return `exchange ${request.name}`
    case 'bind-queue':
    case 'unbind-queue':
    case 'bind-exchange':
    case 'unbind-exchange':
      return bindingKey(request)
    default:
      return null
  }
}

/** Names what a binding connects; of other requests nothing. */
export function endsOf(request: ClientRequest): readonly string[] {
  switch (request.type) {
    case 'bind-queue':
    case 'unbind-queue':
      return [`queue ${request.queue}`, `exchange ${request.exchange}`]
    case 'bind-exchange':
    case 'unbind-exchange':
      return [`exchange ${request.destination}`, `exchange ${request.source}`]
    default:
      return []
  }
}

function bindingKey(request: ClientRequest): string {
  const { type, ...rest } = request
  return `binding ${JSON.stringify([type.replace('unbind', 'bind'), rest])}`
}

function names(request: ClientRequest, exchange: string): boolean {
  if (request.type === 'bind-queue') return request.exchange === exchange
  if (request.type !== 'bind-exchange') return false
  return request.source === exchange || request.destination === exchange
}
