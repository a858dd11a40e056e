// What requests that change the topology are about, as names to compare.
import type { ClientRequest } from '@holdfast/protocol'

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
    case 'unbind-exchange': {
      const { type, ...binding } = request
      return `binding ${JSON.stringify([type.replace('unbind', 'bind'), binding])}`
    }
    case 'purge-queue':
    case 'inspect-queue':
    case 'inspect-exchange':
    case 'locate-queue':
    case 'consume':
    case 'cancel':
    case 'nodes':
      return null
  }
}

/** Names what a binding connects; of other requests nothing. */
export function endsOf(request: ClientRequest): readonly string[] {
  switch (request.type) {
    case 'bind-queue':
    case 'unbind-queue':
      return [`exchange ${request.exchange}`, `queue ${request.queue}`]
    case 'bind-exchange':
    case 'unbind-exchange':
      return [`exchange ${request.source}`, `exchange ${request.destination}`]
    default:
      return []
  }
}

export function isRemoval({ type }: ClientRequest): boolean {
  return type.startsWith('delete-') || type.startsWith('unbind-')
}
