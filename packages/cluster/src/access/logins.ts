// Who a connection or a call is. To compare a password is slow on purpose, so the shell does it, a
// few at a time, and others wait (login-queue.ts); what the shell recalls to have been right is
// believed before. What is true is believed at once; what would be refused is looked at again once
// this node knows what the metadata leader knows, since a user that was made elsewhere may log in
// here. A user that does not exist takes as long as a wrong password.
import { guest, type PasswordHash, type User, type UserIdentity } from '@holdfast/broker'
import type { ErrorCode, WireError } from '@holdfast/errors'
import type { Core } from '../core.ts'
import { limits, times } from '../limits.ts'
import type { VerifyPassword } from '../output.ts'
import { type Responder, refusal } from '../sessions/responder.ts'
import { LoginQueue, networkOf } from './login-queue.ts'

/** What somebody says of itself. */
export interface Credentials {
  readonly user: string
  readonly password: string
}

export type LoginResult =
  | { readonly user: UserIdentity; readonly tags: readonly string[] }
  | { readonly error: WireError }

interface Login {
  readonly credentials: Credentials
  readonly network: string
  /** Whoever has waited until then has been refused, or is now. */
  readonly untilMs: number
  readonly done: (result: LoginResult) => void
  readonly isGone: () => boolean
}

interface Verification {
  readonly login: Login
  readonly hash: PasswordHash | null
  readonly effort: VerifyPassword['effort']
}

export class Logins {
  readonly #core: Core
  readonly #waiting = new LoginQueue<Login>()
  readonly #verifications = new Map<number, Verification>()
  /** Operators' calls that wait to be told who calls. */
  readonly #callers = new Set<number>()
  /** Those that are slow. */
  #comparing = 0
  #lastId = 0

  constructor(core: Core) {
    this.#core = core
  }

  /** An operator's call `id`, which its caller may give up. */
  caller(id: number, to: Responder): Responder {
    const ended = (): boolean => this.#callers.delete(id)
    this.#callers.add(id)
    return {
      done: (result) => {
        if (ended()) to.done(result)
      },
      refuse: (error) => {
        if (ended()) to.refuse(error)
      },
      isGone: () => !this.#callers.has(id)
    }
  }

  callerGone(id: number): void {
    this.#callers.delete(id)
  }

  /**
   * `credentials` null: somebody who says nothing, who is `guest` as long as that has the password
   * that everybody knows. `remote` is `HOST:PORT`.
   */
  authenticate(
    credentials: Credentials | null,
    remote: string,
    done: (result: LoginResult) => void,
    isGone: () => boolean = () => false
  ): void {
    if (this.#core.metadata.machine.clusterId === null) return done(stillLearning)
    const isNear = isLoopback(remote)
    if (credentials === null) return isNear ? this.#anonymous(done) : done(anonymousRefused)
    // As in RabbitMQ: who has the name that everybody knows comes from this machine.
    if (credentials.user === guest.user && !isNear) return done(loginRefused(credentials.user))
    const untilMs = this.#core.clock.nowMs + times.loginWaitMs
    const network = networkOf(remote)
    this.#verify({ credentials, network, untilMs, done, isGone }, 'recall')
  }

  /**
   * Somebody who has shown a certificate that has the name in it, to a listener that verified it:
   * no password is asked for.
   */
  recognise(name: string, remote: string, done: (result: LoginResult) => void): void {
    if (this.#core.metadata.machine.clusterId === null) return done(stillLearning)
    if (name === guest.user && !isLoopback(remote)) return done(loginRefused(name))
    const check = (): WireError | null =>
      this.#row(name) === null ? loginRefused(name).error : null
    this.whenRefused(check, (error) => {
      if (error !== null) done({ error })
      else this.#admit(name, done)
    })
  }

  /** Whether a user may be in a vhost at all; null if so. */
  vhostRefusal(user: UserIdentity, vhost: string): WireError | null {
    const { access, topology } = this.#core.metadata.machine
    if (topology.vhost(vhost) === null) return refusal('VHOST_NOT_FOUND', { vhost })
    if (access.sameUser(user)?.permissions.has(vhost) === true) return null
    return refusal('VHOST_ACCESS_REFUSED', { user: user.name, vhost })
  }

  /** Whether a user may come into a vhost with one more connection; null if so. */
  entranceRefusal(user: UserIdentity, vhost: string): WireError | null {
    const { access } = this.#core.metadata.machine
    const row = access.sameUser(user)
    const refused = this.vhostRefusal(user, vhost)
    if (refused !== null || row === null) return refused
    const counted = [
      { kind: 'user', name: user.name, limit: row.limits.get('max-connections') ?? null },
      { kind: 'vhost', name: vhost, limit: access.vhostLimit(vhost, 'max-connections') }
    ] as const
    for (const { kind, name, limit } of counted) {
      if (limit === null || this.#core.sessions.countOf(kind, name) < limit) continue
      return refusal('CONNECTIONS_LIMIT_REACHED', { kind, name, limit })
    }
    return null
  }

  /** Gives the refusal once this node is current, and null when there is none by then. */
  whenRefused(check: () => WireError | null, done: (error: WireError | null) => void): void {
    const error = check()
    if (error === null || this.#core.lease.isValid) return done(error)
    this.#core.fence.wait((isCurrent) => {
      done(isCurrent ? check() : refusal('UNAVAILABLE', { reason: 'there is no metadata leader' }))
    })
  }

  /** The shell has verified a password. */
  verified(id: number, isRight: boolean): void {
    const verification = this.#verifications.get(id)
    if (verification === undefined) return
    this.#verifications.delete(id)
    const { login, hash, effort } = verification
    if (effort === 'compare') this.#comparing--
    const { user } = login.credentials
    if (isRight && isSame(this.#row(user)?.password ?? null, hash)) this.#admit(user, login.done)
    else if (effort === 'recall') this.#wait(login)
    else this.#refuse(login, hash)
    this.#compareNext()
  }

  #refuse(login: Login, hash: PasswordHash | null): void {
    const { user } = login.credentials
    const check = (): WireError | null =>
      isSame(this.#row(user)?.password ?? null, hash) ? loginRefused(user).error : null
    this.whenRefused(check, (error) => {
      if (error !== null) return login.done({ error })
      // It has another password by now.
      this.#wait(login)
      this.#compareNext()
    })
  }

  #wait(login: Login): void {
    const last = this.#waiting.add(login.network, login)
    if (last?.isGone() === false) last.done(tooMany)
  }

  #anonymous(done: (result: LoginResult) => void): void {
    const isOpen = (): boolean => isSame(this.#row(guest.user)?.password ?? null, guest.password)
    this.whenRefused(
      () => (isOpen() ? null : anonymousRefused.error),
      (error) => {
        if (error !== null) done({ error })
        else this.#admit(guest.user, done)
      }
    )
  }

  #row(name: string): User | null {
    return this.#core.metadata.machine.access.user(name)
  }

  /** Whoever has that name now. */
  #admit(name: string, done: Login['done']): void {
    const row = this.#row(name)
    if (row === null) return done(loginRefused(name))
    const { id, tags } = row
    done({ user: { name, id }, tags })
  }

  #compareNext(): void {
    while (this.#comparing < limits.verificationsMax) {
      const login = this.#waiting.next()
      if (login === null) return
      if (login.isGone()) continue
      if (this.#core.clock.nowMs >= login.untilMs) login.done(tooMany)
      else {
        this.#comparing++
        this.#verify(login, 'compare')
      }
    }
  }

  #verify(login: Login, effort: Verification['effort']): void {
    const { user, password } = login.credentials
    const hash = this.#row(user)?.password ?? null
    const id = ++this.#lastId
    this.#verifications.set(id, { login, hash, effort })
    this.#core.outputs.push({ type: 'verify-password', id, password, hash, effort })
  }
}

function refused(
  code: ErrorCode,
  details: Readonly<Record<string, string>>
): { readonly error: WireError } {
  return { error: refusal(code, details) }
}

const anonymousRefused = refused('CREDENTIALS_REQUIRED', {})
const stillLearning = refused('UNAVAILABLE', {
  reason: 'this node is still learning the metadata'
})
const tooMany = refused('UNAVAILABLE', { reason: 'too many logins are waiting' })

function loginRefused(user: string): { readonly error: WireError } {
  return refused('AUTHENTICATION_FAILED', { user })
}

function isSame(left: PasswordHash | null, right: PasswordHash | null): boolean {
  return left?.algorithm === right?.algorithm && left?.hash === right?.hash
}

/** `127.x.x.x:PORT`, `[::1]:PORT`, and an IPv4 address as IPv6 has it. */
export function isLoopback(remote: string): boolean {
  return /^(?:\[?(?:::ffff:)?127(?:\.\d{1,3}){3}\]?|\[?::1\]?|localhost):\d+$/i.test(remote)
}
