// Dead lettering at this node: of each queue that it leads and that has dead letters, from the
// moment it leads it. Whoever leads next finds in the machine what has not arrived, and begins
// again: at least once.
import type { QueueView, ShardEffect } from '@holdfast/broker'
import type { Core } from '../core.ts'
import { limits } from '../limits.ts'
import type { GroupId } from '../log-store.ts'
import { QueueDeadLetters } from './queue-dead-letters.ts'
import { Window } from './window.ts'

export class DeadLettering {
  readonly #core: Core
  readonly #window = new Window(limits.deadLettersMax, limits.deadLetterBytesMax)
  /** By shard, of those that this node leads, and queue. */
  readonly #shards = new Map<GroupId, Map<number, QueueDeadLetters>>()
  #awake: Set<QueueDeadLetters> = new Set()

  constructor(core: Core) {
    this.#core = core
  }

  leadershipChanged(group: GroupId, isLeading: boolean): void {
    for (const queue of this.#shards.get(group)?.values() ?? []) queue.end()
    this.#shards.delete(group)
    this.#countWaiting()
    const machine = this.#core.groups.shardHost(group)?.machine
    if (!isLeading || machine === undefined) return
    this.#shards.set(group, new Map())
    for (const queue of machine.queues()) if (queue.dead.count > 0) this.#begin(group, queue)
  }

  /** What an entry changed. */
  applied(group: GroupId, effects: readonly ShardEffect[]): void {
    const queues = this.#shards.get(group)
    if (queues === undefined) return
    for (const effect of effects) {
      if (effect.type === 'dead-lettered') {
        this.#count(effect)
        const queue = this.#core.groups.shardHost(group)?.machine.queue(effect.queue)
        if (queue !== undefined) this.#begin(group, queue)
      } else if (effect.type === 'purged' || effect.type === 'queue-deleted') {
        // What it had is gone; what comes is another's.
        queues.get(effect.queue)?.end()
        queues.delete(effect.queue)
        this.#countWaiting()
      }
    }
  }

  #count({ reason, messages }: Extract<ShardEffect, { type: 'dead-lettered' }>): void {
    const { counters } = this.#core
    if (reason === 'rejected') counters.rejectedDeadLetters += messages
    else if (reason === 'expired') counters.expiredDeadLetters += messages
    else counters.overflowDeadLetters += messages
  }

  #begin(group: GroupId, queue: QueueView): void {
    const queues = this.#shards.get(group)
    const settings = queue.settings.deadLetter
    if (queues === undefined || settings === null) return
    let letters = queues.get(queue.id)
    if (letters === undefined) {
      const source = { group, queue, settings }
      const created = new QueueDeadLetters(this.#core, source, this.#window, () => {
        if (this.#isCurrent(created)) this.#awake.add(created)
      })
      letters = created
      queues.set(queue.id, letters)
    }
    this.#awake.add(letters)
  }

  /** Dead letters of the queues that this node leads. */
  #countWaiting(): void {
    let count = 0
    for (const queues of this.#shards.values()) {
      for (const { source } of queues.values()) count += source.queue.dead.count
    }
    this.#core.counters.waitingDeadLetters = count
  }

  /** This node has a lease again. */
  resumeHeld(): void {
    for (const queues of this.#shards.values()) {
      for (const queue of queues.values()) queue.resumeHeld()
    }
  }

  flush(): void {
    if (this.#awake.size === 0) return
    const awake = this.#awake
    this.#awake = new Set()
    for (const letters of awake) {
      if (!this.#isCurrent(letters)) continue
      letters.work()
      const { group, queue } = letters.source
      if (letters.isIdle) this.#shards.get(group)?.delete(queue.id)
    }
    this.#countWaiting()
  }

  #isCurrent(letters: QueueDeadLetters): boolean {
    const { group, queue } = letters.source
    return this.#shards.get(group)?.get(queue.id) === letters
  }
}
