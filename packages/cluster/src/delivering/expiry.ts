// Messages that expire. The machine decides, by log time; its leader names what is due, since it
// alone knows what consumers hold, which expires when it comes back. A leader hands out nothing
// that is due by the time an entry would have if it were proposed now.
import type { QueueRanges, SectionReply } from '@holdfast/broker'
import type { Core } from '../core.ts'
import { times } from '../limits.ts'
import type { GroupId } from '../log-store.ts'

interface Shard {
  /** Whether to look for what is due. */
  isAsked: boolean
  /** Deliveries have passed over what was due by then, and it is not all named. */
  passedMs: number
  /** What the log has not decided on yet. */
  named: readonly QueueRanges[] | null
  isProposed: boolean
}

export class Expiry {
  readonly #core: Core
  /** Those that this node leads. */
  readonly #shards = new Map<GroupId, Shard>()

  constructor(core: Core) {
    this.#core = core
  }

  leadershipChanged(group: GroupId, isLeading: boolean): void {
    this.#shards.delete(group)
    if (!isLeading) return
    this.#core.groups.shardHost(group)?.machine.tellDueAgain()
    this.#shards.set(group, { isAsked: true, passedMs: 0, named: null, isProposed: false })
  }

  /**
   * The time by which a delivery judges: it passes over what is due. Until that is named it does
   * not go back, even if a clock is set right.
   */
  judgeBy(group: GroupId): number {
    const shard = this.#shards.get(group)
    const isNeeded = shard?.named !== null || this.#dueMs(group) !== Number.POSITIVE_INFINITY
    if (shard === undefined || !isNeeded) return Number.NEGATIVE_INFINITY
    shard.passedMs = Math.max(shard.passedMs, this.#nextTimeMs(group))
    return shard.passedMs
  }

  /** Whether a message may be due so soon that each tick of the clock matters. */
  get isNear(): boolean {
    const restMs = times.awakeTicksMax * times.tickMs
    for (const group of this.#shards.keys()) {
      const dueMs = this.#dueMs(group)
      const isNear = dueMs !== Number.POSITIVE_INFINITY && dueMs <= this.#nextTimeMs(group) + restMs
      if (isNear) return true
    }
    return false
  }

  tick(): void {
    for (const shard of this.#shards.values()) shard.isAsked = true
  }

  /** After the deliveries: what has just arrived has had its chance. */
  flush(): void {
    for (const [group, shard] of this.#shards) {
      if (!shard.isAsked) continue
      shard.isAsked = false
      shard.named ??= this.#look(group, shard)
      if (shard.named !== null && !shard.isProposed) this.#propose(group, shard, shard.named)
    }
  }

  /** What was named to the log of a shard that this node leads, which has not decided on it. */
  named(group: GroupId): readonly QueueRanges[] {
    return this.#shards.get(group)?.named ?? []
  }

  #dueMs(group: GroupId): number {
    return this.#core.groups.shardHost(group)?.machine.nextDueMs ?? Number.POSITIVE_INFINITY
  }

  #nextTimeMs(group: GroupId): number {
    return this.#core.groups.shard(group)?.nextTimeMs ?? 0
  }

  #look(group: GroupId, shard: Shard): readonly QueueRanges[] | null {
    const { machine } = this.#core.groups.shardHost(group) ?? {}
    const timeMs = Math.max(shard.passedMs, this.#nextTimeMs(group))
    const isHeld = (queue: number, offset: number): boolean => this.#mayBeHeld(group, queue, offset)
    const queues = machine?.takeDue(timeMs, isHeld) ?? []
    shard.passedMs = queues.length === 0 ? 0 : timeMs
    return queues.length === 0 ? null : queues
  }

  /**
   * Where consumers of an earlier leader may hold some, the queue is opened to find out: with the
   * whole grace, since the log does not know who asks for single messages, or was cancelled.
   */
  #mayBeHeld(group: GroupId, id: number, offset: number): boolean {
    const { groups, deliveries } = this.#core
    const delivery = deliveries.find(group, id)
    if (delivery !== null) return delivery.mayBeHeld(offset)
    const queue = groups.shardHost(group)?.machine.queue(id)
    if (queue === undefined || offset > queue.mark || !queue.isOut(offset)) return false
    deliveries.open(group, queue).opening.waitOut()
    return true
  }

  /** One command at a time: a million that are due leave in as many entries as they need. */
  #propose(group: GroupId, shard: Shard, queues: readonly QueueRanges[]): void {
    const command = { type: 'expire-messages', queues } as const
    shard.isProposed = this.#core.shards.propose(group, command, (reply) => {
      shard.isProposed = false
      // What was not taken or is lost is proposed at the next tick.
      if (reply !== null && this.#shards.get(group) === shard) this.#decided(group, shard, reply)
    })
  }

  #decided(group: GroupId, shard: Shard, reply: SectionReply): void {
    shard.named = null
    shard.isAsked = true
    if (reply.type !== 'expired' || reply.early.length === 0) return
    // A clock was set right meanwhile: these live on, and so does what was not named yet.
    shard.passedMs = 0
    this.#core.deliveries.rewind(group)
  }
}
