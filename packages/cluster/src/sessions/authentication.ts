// Who comes in by AMQP: what the client says of itself, as the logins of a node know it.
import type { Credentials } from '@holdfast/amqp'
import { isUtf8, utf8Decode } from '@holdfast/record'
import type { Core } from '../core.ts'
import type { AmqpSession } from './amqp-session.ts'
import { type Responder, refusal } from './responder.ts'

export function authenticate(
  core: Core,
  session: AmqpSession,
  credentials: Credentials,
  to: Responder
): void {
  if (credentials.mechanism === 'EXTERNAL') {
    return to.refuse(refusal('CREDENTIALS_REQUIRED', {}))
  }
  const isAnonymous = credentials.mechanism === 'ANONYMOUS'
  if (!isAnonymous && !isUtf8(credentials.password)) {
    return to.refuse(refusal('AUTHENTICATION_FAILED', { user: credentials.user }))
  }
  const said = isAnonymous
    ? null
    : { user: credentials.user, password: utf8Decode(credentials.password) }
  core.logins.authenticate(
    said,
    session.remote,
    (result) => {
      if ('error' in result) return to.refuse(result.error)
      session.user = result.user
      to.done({ user: result.user })
    },
    () => session.isClosed || session.isEnded
  )
}
