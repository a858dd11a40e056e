// Whether a user may do what it asks for: decided by this node's replica of the metadata, which is
// current as long as the node has its routing lease (docs/adr/0024). So a right that was taken, or
// given, is so on every node once that is answered.
import {
  compilePattern,
  type Pattern,
  quotePattern,
  type TopicPermission,
  type User,
  type UserIdentity
} from '@holdfast/broker'
import type { WireError } from '@holdfast/errors'
import type { Core } from '../core.ts'
import { limits } from '../limits.ts'
import { refusal } from '../sessions/responder.ts'
import type { Need, Right } from './needs.ts'

const rights: readonly Right[] = ['configure', 'write', 'read']

/** By which name patterns know the exchange that has none. */
const defaultExchangeName = 'amq.default'

export class Authorization {
  readonly #core: Core
  /** Compiled patterns by their text; the oldest go. */
  readonly #patterns = new Map<string, Pattern>()
  /** Grows whenever a decision may turn out otherwise than before. */
  revision = 0

  constructor(core: Core) {
    this.#core = core
  }

  /** Users or rights have changed, or the whole replica was replaced. */
  changed(): void {
    this.revision++
    this.#core.sessions.accessChanged()
  }

  /** Null: it may. */
  refusalOf(identity: UserIdentity, vhost: string, need: Need): WireError | null {
    const row = this.#core.metadata.machine.access.sameUser(identity)
    const { name: user } = identity
    const { resource, name, right, topic } = need
    if (row === null || !this.#allows(row, vhost, need)) {
      return refusal('ACCESS_REFUSED', { user, vhost, resource, name, right: verb(right) })
    }
    if (topic === undefined || this.#allowsTopic(row, vhost, need, topic)) return null
    return refusal('TOPIC_REFUSED', { user, vhost, exchange: name, routingKey: topic, right })
  }

  /** The first refusal of all that is needed, or null. */
  refusalOfAll(user: UserIdentity, vhost: string, all: readonly Need[]): WireError | null {
    for (const need of all) {
      const error = this.refusalOf(user, vhost, need)
      if (error !== null) return error
    }
    return null
  }

  #allows(user: User, vhost: string, { resource, name, right }: Need): boolean {
    const permission = user.permissions.get(vhost)
    if (permission === undefined) return false
    const known = resource === 'exchange' && name === '' ? defaultExchangeName : name
    const asked = right === 'any' ? rights : [right]
    return asked.some((one) => this.#pattern(permission[one])(known))
  }

  /** What says which topics a user may use at an exchange; null: nothing does. */
  topicPermission(user: User | null, vhost: string, exchange: string): TopicPermission | null {
    const permission = user?.topics.get(vhost)?.get(exchange)
    if (permission === undefined) return null
    const kind = this.#core.metadata.machine.topology.exchange(vhost, exchange)?.kind
    return kind === 'topic' ? permission : null
  }

  #allowsTopic(user: User, vhost: string, { name, right }: Need, topic: string): boolean {
    const permission = this.topicPermission(user, vhost, name)
    if (permission === null) return true
    const text = permission[right === 'read' ? 'read' : 'write']
    const expanded = text
      .replaceAll('{username}', () => quotePattern(user.name))
      .replaceAll('{vhost}', () => quotePattern(vhost))
    return this.#pattern(expanded)(topic)
  }

  #pattern(text: string): Pattern {
    const known = this.#patterns.get(text)
    if (known !== undefined) return known
    const [oldest] = this.#patterns.keys()
    if (this.#patterns.size >= limits.patternsMax && oldest !== undefined) {
      this.#patterns.delete(oldest)
    }
    const pattern = compilePattern(text)
    this.#patterns.set(text, pattern)
    return pattern
  }
}

function verb(right: Need['right']): string {
  return right === 'any' ? 'see' : right
}
