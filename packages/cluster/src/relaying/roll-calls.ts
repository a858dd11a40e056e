// Who holds something of a shard, at its new leader. The log knows the consumers of a queue, but
// not who asked for single messages, nor who was cancelled and keeps what it has: of these gateways
// know. Until those that can be heard have answered, somebody may hold what nobody claims.
import { tellRollAnswered, tellRollOver } from '../audit-calls.ts'
import type { Core } from '../core.ts'
import { times } from '../limits.ts'
import type { GroupId } from '../log-store.ts'

export class RollCalls {
  readonly #core: Core
  /** Nodes that have not answered, by shard. */
  readonly #missing = new Map<GroupId, Set<number>>()

  constructor(core: Core) {
    this.#core = core
  }

  /** Nobody is waited for any more. */
  isOver(group: GroupId): boolean {
    return !this.#missing.has(group)
  }

  leadershipChanged(group: GroupId, isLeading: boolean): void {
    this.#missing.delete(group)
    if (!isLeading) return
    const { calls, timers } = this.#core
    const missing = this.#gateways()
    this.#missing.set(group, missing)
    const end = (): void => {
      if (this.#missing.get(group) !== missing) return
      this.#missing.delete(group)
      tellRollOver(this.#core, group)
      this.#core.deliveries.tick([group])
    }
    for (const node of [...missing]) {
      // No answer: what its clients hold goes back, as if it were gone.
      calls.call(node, { type: 'relay-roll', group }, ({ type }) => {
        const isCurrent = this.#missing.get(group) === missing
        if (type === 'done' && isCurrent) tellRollAnswered(this.#core, group, node)
        missing.delete(node)
        if (missing.size === 0) end()
      })
    }
    timers.after(times.rollCallMs, end)
  }

  /** This node, and whoever was heard of late. */
  #gateways(): Set<number> {
    const { identity, peers, contact } = this.#core
    const nodes = new Set(identity === null ? [] : [identity.node])
    for (const { node } of peers.links()) {
      if (node !== null && contact.isHeard(node)) nodes.add(node)
    }
    return nodes
  }
}
