// Exclusive queues end with the connection that they belong to (ADR 0025). A node looks after those
// of its own connections and of its former processes, the leader of the metadata after those of
// nodes that are no more. Both go by what is there: what is to go is deleted by its id, again and
// again until it is gone, whoever wanted it before.
import type { QueueOwner, QueueTarget } from '@holdfast/broker'
import { nodeOf } from '../consensus/replica-id.ts'
import type { Core } from '../core.ts'
import { limits, times } from '../limits.ts'
import type { Session } from '../sessions/session.ts'

interface Waiting {
  readonly connection: number
  readonly done: () => void
}

export class ExclusiveQueues {
  readonly #core: Core
  /** Ids of queues that the metadata has been asked to delete. */
  readonly #deleting = new Set<number>()
  #waiting: Waiting[] = []
  /** Whether some of this node's may be without their connections. */
  #isDue = true
  #isResting = false
  #lookAtMs = 0

  constructor(core: Core) {
    this.#core = core
  }

  /** What a session's queues belong to; null while nothing tells this process from the others. */
  ownerFor({ id: connection, clientKey: client }: Session): QueueOwner | null {
    const { groups, gateway } = this.#core
    if (!gateway.isOpen) return null
    return { replica: groups.selfReplica, process: gateway.epoch, connection, client }
  }

  /** The connection is no more, and nothing here can bring it back. False: not as far as known. */
  isOver({ replica, process, connection }: QueueOwner): boolean {
    const { groups, gateway, sessions, identity } = this.#core
    const { selfReplica } = groups
    // A later incarnation of this node is for itself to look after.
    if (nodeOf(replica) !== identity?.node || replica > selfReplica) return false
    return replica < selfReplica || process !== gateway.epoch || !sessions.isOpen(connection)
  }

  /** Its node may be gone, so that the queue is about to go, or not. */
  isInDoubt({ replica }: QueueOwner): boolean {
    const { membership, contact, identity } = this.#core
    const node = nodeOf(replica)
    return node !== identity?.node && !(membership.isUp(node) && contact.isHeard(node))
  }

  /** A connection ended, or the metadata begins anew from a snapshot. */
  lookAgain(): void {
    this.#isDue = true
  }

  /** Its connection may have ended before the declaration was in the log. */
  created(queue: number): void {
    const owner = this.#core.metadata.machine.topology.queueById(queue)?.owner ?? null
    if (owner !== null && this.isOver(owner)) this.#isDue = true
  }

  /** Answers when no queue of a connection that has ended is left, or it takes too long. */
  whenGone(connection: number, done: () => void): void {
    if (!this.#hasAny(connection)) return done()
    this.#isDue = true
    const waiting = { connection, done }
    this.#waiting.push(waiting)
    this.#core.timers.after(times.callTimeoutMs, () => {
      if (!this.#waiting.includes(waiting)) return
      this.#waiting = this.#waiting.filter((other) => other !== waiting)
      done()
    })
  }

  #hasAny(connection: number): boolean {
    const { groups, gateway, metadata } = this.#core
    if (!gateway.isOpen) return false
    const owner = { replica: groups.selfReplica, process: gateway.epoch, connection }
    return metadata.machine.topology.ownedQueues.ofConnection(owner).size > 0
  }

  tick(): void {
    const { metadata, clock, identity, contact } = this.#core
    if (!metadata.isLeading || clock.nowMs < this.#lookAtMs) return
    this.#lookAtMs = clock.nowMs + times.reconcileMs
    const { topology, membership } = metadata.machine
    for (const node of topology.ownedQueues.nodes) {
      if (node === identity?.node) continue
      if (membership.node(node) !== null && !contact.isLost(node)) continue
      for (const { queues } of topology.ownedQueues.of(node)) this.#deleteAll(queues)
    }
  }

  /** At the end of a step: deletes what has lost its connection here. */
  flush(): void {
    const { metadata, identity } = this.#core
    if (!this.#isDue || this.#isResting || identity === null) return
    this.#isDue = false
    const { ownedQueues } = metadata.machine.topology
    for (const { owner, queues } of ownedQueues.of(identity.node)) {
      if (this.isOver(owner)) this.#deleteAll(queues)
    }
    this.#answerWaiting()
  }

  #deleteAll(queues: Iterable<QueueTarget>): void {
    for (const queue of queues) {
      if (this.#deleting.size >= limits.abandonedQueuesMax) return
      if (!this.#deleting.has(queue.id)) this.delete(queue, () => this.#rest())
    }
  }

  /** Deletes this queue, and no later one of its name. */
  delete({ id: queue, vhost, name }: QueueTarget, done: () => void): void {
    this.#deleting.add(queue)
    this.#core.metadata.submit({ type: 'delete-queue', vhost, name, queue }, () => {
      this.#deleting.delete(queue)
      done()
    })
  }

  /** Looks again soon: some may be left, be it that the metadata has no room for their end. */
  #rest(): void {
    this.#answerWaiting()
    if (this.#isResting) return
    this.#isResting = true
    this.#core.timers.after(times.retryMs, () => {
      this.#isResting = false
      this.#isDue = true
    })
  }

  #answerWaiting(): void {
    const gone = this.#waiting.filter(({ connection }) => !this.#hasAny(connection))
    if (gone.length === 0) return
    this.#waiting = this.#waiting.filter(({ connection }) => this.#hasAny(connection))
    for (const { done } of gone) done()
  }
}
