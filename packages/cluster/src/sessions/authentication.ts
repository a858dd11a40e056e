// Who comes in by AMQP: what the client says of itself, as the logins of a node know it.
import type { Credentials } from '@holdfast/amqp'
import { isUtf8, utf8Decode } from '@holdfast/record'
import type { LoginResult } from '../access/logins.ts'
import type { Core } from '../core.ts'
import type { AmqpSession } from './amqp-session.ts'
import { type Responder, refusal } from './responder.ts'

export function authenticate(
  core: Core,
  session: AmqpSession,
  credentials: Credentials,
  to: Responder
): void {
  const done = (result: LoginResult): void => {
    if ('error' in result) return to.refuse(result.error)
    session.user = result.user
    to.done({ user: result.user.name })
  }
  const { certificateName } = session
  if (credentials.mechanism === 'EXTERNAL') {
    if (certificateName === null) return to.refuse(refusal('CREDENTIALS_REQUIRED', {}))
    return core.logins.recognise(certificateName, session.remote, done)
  }
  const isAnonymous = credentials.mechanism === 'ANONYMOUS'
  if (!isAnonymous && !isUtf8(credentials.password)) {
    return to.refuse(refusal('AUTHENTICATION_FAILED', { user: credentials.user }))
  }
  const said = isAnonymous
    ? null
    : { user: credentials.user, password: utf8Decode(credentials.password) }
  const isGone = (): boolean => session.isClosed || session.isEnded
  core.logins.authenticate(said, session.remote, done, isGone)
}

/**
 * A client renews what it was let in with, which a password need not be: its user must still be
 * allowed in its vhost, and keeps what it may still do there.
 */
export function updateSecret({ logins }: Core, session: AmqpSession, to: Responder): void {
  const { user, vhost } = session
  logins.whenRefused(
    () => logins.vhostRefusal(user, vhost),
    (error) => {
      if (error !== null) return to.refuse(error)
      session.accessChanged()
      to.done(null)
    }
  )
}
