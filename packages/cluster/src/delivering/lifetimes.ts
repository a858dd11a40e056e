// Queues that end by themselves. The shard's machine decides when, by its log; its leader sees to
// it that time gets into the log when a queue may be due, and tells the metadata of those that are
// over, again and again, until their deletion comes back through the log. Whoever leads next finds
// them in the state. What is due in a queue when it ends, and what is on its way to its dead letter
// exchange, goes out before it goes.
import type { MetadataResult, QueueView, ShardEffect } from '@holdfast/broker'
import { type Core, log } from '../core.ts'
import { limits, times } from '../limits.ts'
import type { GroupId } from '../log-store.ts'

/** How a queue that is over goes on. */
interface Ending {
  /** Log time at which it was, as far as this node knows. */
  readonly overMs: number
  /** The last dead letter that it waits for; null while something is due that is to become one. */
  last: number | null
  /** Messages and dead letters that it had, and since when. */
  left: number
  sinceMs: number
}

interface Shard {
  /** Over, and not known to be deleted by the metadata. */
  readonly over: Map<QueueView, Ending>
  /** Of those, the ones that the metadata has been asked to delete, and who waits for that. */
  readonly asked: Map<QueueView, (() => void)[]>
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
    const shard: Shard = { over: new Map(), asked: new Map(), isTicking: false }
    this.#shards.set(group, shard)
    for (const queue of machine.queues()) if (queue.isOver) this.#add(group, shard, queue)
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
      this.#add(group, shard, queue)
      isMore = true
    }
    if (isMore) this.#tell(group)
  }

  #add(group: GroupId, { over }: Shard, queue: QueueView): void {
    const overMs = this.#core.groups.shardHost(group)?.machine.timeMs ?? 0
    over.set(queue, { overMs, last: null, left: Number.POSITIVE_INFINITY, sinceMs: 0 })
  }

  /** Whether dead letters of a queue that is over are to go before it, and still arrive. */
  #isKept(group: GroupId, queue: QueueView, ending: Ending): boolean {
    const { settings, dead, liveCount } = queue
    if (settings.deadLetter === null) return false
    // Later ones are not waited for: what was not due when it ended may go with it.
    if (ending.last === null && !this.#hasDue(group, queue, ending.overMs)) ending.last = dead.tail
    const { number: next = Number.POSITIVE_INFINITY } = dead.next(1) ?? {}
    if (ending.last !== null && next > ending.last) return false
    const { nowMs } = this.#core.clock
    const left = liveCount + dead.count
    if (left < ending.left) Object.assign(ending, { left, sinceMs: nowMs })
    if (nowMs < ending.sinceMs + times.lastDeadLettersMs) return true
    const fields = { group, vhost: queue.vhost, queue: queue.name, messages: left }
    log(this.#core, 'warn', 'a queue ends though its dead letters do not arrive', fields)
    return false
  }

  /** Whether there is something that is to expire; what somebody holds is not. */
  #hasDue(group: GroupId, queue: QueueView, timeMs: number): boolean {
    const delivery = this.#core.deliveries.find(group, queue.id)
    let offset = queue.nextDue(1, timeMs)
    // Before it has opened nobody knows.
    if (delivery?.opening.hasOpened !== true) return offset !== null
    while (offset !== null && delivery.mayBeHeld(offset)) offset = queue.nextDue(offset + 1, timeMs)
    return offset !== null
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

  /**
   * Calls `done`, perhaps more than once, when a queue that is over is deleted, or that takes too
   * long; at once if it is not over, or waits for its dead letters or its turn. Never if this node
   * ceases to lead the queue before.
   */
  whenDeleted(group: GroupId, queueId: number, done: () => void): void {
    const queue = this.#core.groups.shardHost(group)?.machine.queue(queueId)
    const waiting = queue && this.#shards.get(group)?.asked.get(queue)
    if (waiting === undefined) return done()
    waiting.push(done)
    this.#core.timers.after(times.callTimeoutMs, done)
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
    for (const [queue, ending] of shard.over) {
      if (shard.asked.size >= limits.endingQueuesMax) return
      if (shard.asked.has(queue) || this.#isKept(group, queue, ending)) continue
      const waiting: (() => void)[] = []
      shard.asked.set(queue, waiting)
      const { vhost, name, id } = queue
      const answered = (result: MetadataResult): void => {
        shard.asked.delete(queue)
        // Not found: it was deleted before, and that is on its way here. All else is tried again.
        const isDeleted = 'reply' in result || isNotFound(result.error.code)
        if (isDeleted) shard.over.delete(queue)
        for (const done of waiting) done()
      }
      const command = { type: 'delete-queue', vhost, name, queue: id } as const
      this.#core.metadata.submit(command, answered, { isGone })
    }
  }
}

function isNotFound(code: string): boolean {
  return code === 'QUEUE_NOT_FOUND' || code === 'VHOST_NOT_FOUND'
}
