// Who may come in by AMQP. There are no users yet: the one that every client of RabbitMQ tries
// first is let in, from the node's own machine, and nobody else.
import type { Credentials } from '@holdfast/amqp'
import { utf8Decode } from '@holdfast/record'
import type { Core } from '../core.ts'

/** Answers with the name that the client is known by; null if it is not let in. */
export type Authenticated = (user: string | null) => void

const guest = 'guest'

/** `remote` is the address of the client's socket. */
export function authenticate(
  _core: Core,
  remote: string,
  credentials: Credentials,
  done: Authenticated
): void {
  if (credentials.mechanism !== 'PLAIN' && credentials.mechanism !== 'AMQPLAIN') return done(null)
  const isGuest = credentials.user === guest && utf8Decode(credentials.password) === guest
  done(isGuest && isLoopback(remote) ? guest : null)
}

function isLoopback(remote: string): boolean {
  return /^(127\.|\[::1\]:|\[::ffff:127\.|localhost:)/.test(remote)
}
