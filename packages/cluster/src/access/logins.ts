// Who a connection or a call is. To verify a password is slow on purpose, so the shell does it, a
// few at a time. What is true is believed at once; what would be refused is looked at again once
// this node knows what the metadata leader knows, since a user that was made elsewhere may log in
// here. A user that does not exist takes as long as a wrong password.
import { guest, type PasswordHash, type User } from '@holdfast/broker'
import type { ErrorCode, WireError } from '@holdfast/errors'
import type { Core } from '../core.ts'
import { limits } from '../limits.ts'
import { refusal } from '../sessions/responder.ts'

/** What somebody says of itself. */
export interface Credentials {
  readonly user: string
  readonly password: string
}

export type LoginResult =
  | { readonly user: string; readonly tags: readonly string[] }
  | { readonly error: WireError }

interface Login {
  readonly credentials: Credentials
  readonly done: (result: LoginResult) => void
  readonly isGone: () => boolean
}

interface Verification {
  readonly login: Login
  readonly hash: PasswordHash | null
}

export class Logins {
  readonly #core: Core
  /** In the order they came. */
  readonly #waiting: Login[] = []
  readonly #running = new Map<number, Verification>()
  #lastId = 0

  constructor(core: Core) {
    this.#core = core
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
    if (this.#core.metadata.machine.clusterId === null) {
      return done(refused('UNAVAILABLE', { reason: 'this node is still learning the metadata' }))
    }
    const isNear = isLoopback(remote)
    if (credentials === null) return isNear ? this.#anonymous(done) : done(anonymousRefused)
    // As in RabbitMQ: who has the name that everybody knows comes from this machine.
    if (credentials.user === guest.user && !isNear) return done(loginRefused(credentials.user))
    if (this.#waiting.length >= limits.loginsWaitingMax) {
      return done(refused('UNAVAILABLE', { reason: 'too many logins are waiting' }))
    }
    this.#waiting.push({ credentials, done, isGone })
    this.#verifyNext()
  }

  /** Whether a user may be in a vhost at all; null if so. */
  vhostRefusal(user: string, vhost: string): WireError | null {
    const { access, topology } = this.#core.metadata.machine
    if (topology.vhost(vhost) === null) return refusal('VHOST_NOT_FOUND', { vhost })
    if (access.user(user)?.permissions.has(vhost) === true) return null
    return refusal('VHOST_ACCESS_REFUSED', { user, vhost })
  }

  /** Whether a user may come into a vhost with one more connection; null if so. */
  entranceRefusal(user: string, vhost: string): WireError | null {
    const { access } = this.#core.metadata.machine
    const row = access.user(user)
    const refused = this.vhostRefusal(user, vhost)
    if (refused !== null || row === null) return refused
    const counted = [
      { kind: 'user', name: user, limit: row.limits.get('max-connections') ?? null },
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
    const verification = this.#running.get(id)
    if (verification === undefined) return
    this.#running.delete(id)
    const { login, hash } = verification
    const { user: name } = login.credentials
    if (isRight && isSame(this.#row(name)?.password ?? null, hash)) this.#accept(login)
    else {
      const check = (): WireError | null =>
        isSame(this.#row(name)?.password ?? null, hash) ? loginRefused(name).error : null
      this.whenRefused(check, (error) => {
        if (error !== null) return login.done({ error })
        // It has another password by now.
        this.#waiting.unshift(login)
        this.#verifyNext()
      })
    }
    this.#verifyNext()
  }

  #anonymous(done: (result: LoginResult) => void): void {
    const isOpen = (): boolean => isSame(this.#row(guest.user)?.password ?? null, guest.password)
    this.whenRefused(
      () => (isOpen() ? null : anonymousRefused.error),
      (error) => {
        const tags = this.#row(guest.user)?.tags ?? []
        done(error === null ? { user: guest.user, tags } : { error })
      }
    )
  }

  #row(name: string): User | null {
    return this.#core.metadata.machine.access.user(name)
  }

  #accept({ credentials, done }: Login): void {
    const { user } = credentials
    done({ user, tags: this.#row(user)?.tags ?? [] })
  }

  #verifyNext(): void {
    while (this.#running.size < limits.verificationsMax) {
      const login = this.#waiting.shift()
      if (login === undefined) return
      if (login.isGone()) continue
      const { user, password } = login.credentials
      const hash = this.#row(user)?.password ?? null
      const id = ++this.#lastId
      this.#running.set(id, { login, hash })
      this.#core.outputs.push({ type: 'verify-password', id, password, hash })
    }
  }
}

function refused(
  code: ErrorCode,
  details: Readonly<Record<string, string>>
): { readonly error: WireError } {
  return { error: refusal(code, details) }
}

const anonymousRefused = refused('CREDENTIALS_REQUIRED', {})

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
