// Queues that end by themselves. The shard's machine decides when, by its log; its leader sees to
// it that time gets into the log when a queue may be due, and tells the metadata of those that are
// over, again and again, until their deletion comes back through the log. Whoever leads next finds
// them in the state.
import type { MetadataResult, QueueView, ShardEffect } from '@holdfast/broker'
import type { Core } from '../core.ts'
import { limits, times } from '../limits.ts'
import type { GroupId } from '../log-store.ts'

interface Shard {
  /** Over, and not known to be deleted by the metadata. */
  readonly over: Set<QueueView>
  /** Of those, the ones that the metadata has been asked to delete. */
  readonly asked: Set<QueueView>
  isTicking: boolean
}

export class Lifetimes {
  readonly #core: Core
  /** Those that this node leads. */
  readonly #shards = new Map<GroupId, Shard>()

  constructor(core: Core) {
    this.#core = core
  }

  leadershipChanged(group: GroupId, isLeading: boolean): void {
    this.#shards.delete(group)
    const machine = this.#core.groups.shardHost(group)?.machine
    if (!isLeading || machine === undefined) return
    const over = new Set(machine.queues().filter(({ isOver }) => isOver))
    this.#shards.set(group, { over, asked: new Set(), isTicking: false })
    this.#tell(group)
  }

  /** What an entry changed. */
  applied(group: GroupId, effects: readonly ShardEffect[]): void {
    const shard = this.#shards.get(group)
    if (shard === undefined) return
    let isMore = false
    for (const effect of effects) {
      if (effect.type !== 'queue-over') continue
      const queue = this.#core.groups.shardHost(group)?.machine.queue(effect.queue)
      if (queue === undefined) continue
      shard.over.add(queue)
      isMore = true
    }
    if (isMore) this.#tell(group)
  }

  /** The names of a queue that this node leads and that has come to its end, else null. */
  isOver(
    group: GroupId,
    queueId: number
  ): { readonly queue: string; readonly vhost: string } | null {
    const queue = this.#core.groups.shardHost(group)?.machine.queue(queueId)
    const isLed = this.#core.groups.shard(group)?.hasLease === true
    return isLed && queue?.isOver === true ? { queue: queue.name, vhost: queue.vhost } : null
  }

  /** Whether a queue may be due so soon that each tick of the clock matters. */
  get isNear(): boolean {
    const restMs = times.awakeTicksMax * times.tickMs
    for (const group of this.#shards.keys()) if (this.#isDue(group, restMs)) return true
    return false
  }

  tick(): void {
    for (const [group, shard] of this.#shards) {
      if (!shard.isTicking && this.#isDue(group, 0)) this.#letTimePass(group, shard)
      if (shard.over.size > shard.asked.size) this.#tell(group)
    }
  }

  #isDue(group: GroupId, withinMs: number): boolean {
    const { groups } = this.#core
    const dueMs = groups.shardHost(group)?.machine.nextDeadlineMs ?? Number.POSITIVE_INFINITY
    if (dueMs === Number.POSITIVE_INFINITY) return false
    return dueMs <= (groups.shard(group)?.nextTimeMs ?? 0) + withinMs
  }

  #letTimePass(group: GroupId, shard: Shard): void {
    shard.isTicking = this.#core.shards.propose(group, { type: 'tick' }, () => {
      shard.isTicking = false
    })
  }

  /** Asks the metadata to delete what is over, and only that: never a later queue of the name. */
  #tell(group: GroupId): void {
    const shard = this.#shards.get(group)
    if (shard === undefined) return
    const isGone = (): boolean => this.#shards.get(group) !== shard
    for (const queue of shard.over) {
      if (shard.asked.size >= limits.endingQueuesMax) return
      if (shard.asked.has(queue)) continue
      shard.asked.add(queue)
      const { vhost, name, id } = queue
      const answered = (result: MetadataResult): void => {
        shard.asked.delete(queue)
        // Not found: it was deleted before, and that is on its way here. All else is tried again.
        const isDeleted = 'reply' in result || isNotFound(result.error.code)
        if (isDeleted) shard.over.delete(queue)
      }
      const command = { type: 'delete-queue', vhost, name, queue: id } as const
      this.#core.metadata.submit(command, answered, { isGone })
    }
  }
}

function isNotFound(code: string): boolean {
  return code === 'QUEUE_NOT_FOUND' || code === 'VHOST_NOT_FOUND'
}
