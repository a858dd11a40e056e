// What one connection may do, asked again and again: decisions are kept until users or rights
// change, and are made in the order in which they were asked for. Without a lease this node asks
// the metadata leader first, so that none is made by what is no longer so.
import type { User, UserIdentity } from '@holdfast/broker'
import type { WireError } from '@holdfast/errors'
import type { Core } from '../core.ts'
import { limits, times } from '../limits.ts'
import { type Responder, refusal } from '../sessions/responder.ts'
import { type Need, needs } from './needs.ts'

interface Waiting {
  readonly to: Responder
  readonly go: () => void
  /** Until when the metadata leader is asked. */
  readonly deadlineMs: number
}

/** Of a connection that nobody has logged in on. */
export const nobody: UserIdentity = { name: '', id: 0 }

export class SessionRights {
  readonly #core: Core
  readonly user: UserIdentity
  readonly vhost: string
  #waiting: Waiting[] = []
  /** Outcomes of publishes by exchange and, where topics count, by routing key. */
  readonly #publishes = new Map<string, WireError | null>()
  #revision = -1

  constructor(core: Core, user: UserIdentity, vhost: string) {
    this.#core = core
    this.user = user
    this.vhost = vhost
  }

  /** Why nothing is possible any more; null: its user is there, and its vhost. */
  get endReason(): WireError | null {
    const { topology } = this.#core.metadata.machine
    if (this.#row === null) return ended(`user '${this.user.name}' was deleted`)
    return topology.vhost(this.vhost) === null ? ended('its vhost was deleted') : null
  }

  get #row(): User | null {
    return this.#core.metadata.machine.access.sameUser(this.user)
  }

  /** Does it, or refuses it for want of a right. */
  require(all: readonly Need[], to: Responder, go: () => void): void {
    if (all.length === 0) return go()
    this.#whenCurrent(to, () => {
      const error = this.#core.authorization.refusalOfAll(this.user, this.vhost, all)
      if (error === null) go()
      else to.refuse(error)
    })
  }

  /** Null: it may. 'wait': not known without a lease. */
  publishRefusal(exchange: string, routingKey: string): WireError | 'wait' | null {
    const { authorization, lease } = this.#core
    if (!lease.isValid) return 'wait'
    if (this.#revision !== authorization.revision) {
      this.#publishes.clear()
      this.#revision = authorization.revision
    }
    // Looked at each time: an exchange may be deleted and made anew, of another kind.
    const isTopical = authorization.topicPermission(this.#row, this.vhost, exchange) !== null
    const key = isTopical ? `${exchange.length} ${exchange}${routingKey}` : ` ${exchange}`
    const known = this.#publishes.get(key)
    if (known !== undefined) return known
    const [need] = needs.publish(exchange, routingKey)
    const error = need ? authorization.refusalOf(this.user, this.vhost, need) : null
    if (this.#publishes.size >= limits.decisionsMax) this.#publishes.clear()
    this.#publishes.set(key, error)
    return error
  }

  /** Null: it may consume from it, as far as this node knows. */
  readRefusal(queue: string): WireError | null {
    const all = needs.readQueue(queue)
    return this.#core.authorization.refusalOfAll(this.user, this.vhost, all)
  }

  #whenCurrent(to: Responder, go: () => void): void {
    if (this.#waiting.length === 0 && this.#core.lease.isValid) return go()
    const deadlineMs = this.#core.clock.nowMs + times.requestTimeoutMs
    this.#waiting.push({ to, go, deadlineMs })
    if (this.#waiting.length === 1) this.#fence()
  }

  /** It vouches for those that wait by now; where it does not, they wait for the next one. */
  #fence(): void {
    const vouched = this.#waiting.length
    this.#core.fence.wait((isCurrent) => {
      const { nowMs } = this.#core.clock
      const left: Waiting[] = []
      for (const waiting of this.#waiting.slice(0, vouched)) {
        const { to, go, deadlineMs } = waiting
        // Who is gone meanwhile would own what nobody lets go of.
        if (to.isGone?.() === true) continue
        if (isCurrent) go()
        else if (nowMs < deadlineMs) left.push(waiting)
        else to.refuse(refusal('UNAVAILABLE', { reason: 'there is no metadata leader' }))
      }
      this.#waiting.splice(0, vouched, ...left)
      if (this.#waiting.length > 0) this.#fence()
    })
  }
}

function ended(reason: string): WireError {
  return refusal('CONNECTION_CLOSED', { reason })
}
