// Dead lettering at this node: of each queue that it leads and that has dead letters, from the
// moment it leads it. Whoever leads next finds in the machine what has not arrived, and begins
// again: at least once.
import type { QueueView, ShardEffect } from '@holdfast/broker'
import type { Core } from '../core.ts'
import { limits } from '../limits.ts'
import type { GroupId } from '../log-store.ts'
import type { ForwardOutcome } from '../peers/peer-codec.ts'
import type { Batch, Publish } from '../publishing/publish.ts'
import { QueueDeadLetters } from './queue-dead-letters.ts'
import { Window } from './window.ts'

/** A shard that this node leads. */
interface Led {
  readonly queues: Map<number, QueueDeadLetters>
  /** Queues that dropped letters, which was said. */
  readonly dropping: Set<number>
}

export class DeadLettering {
  readonly #core: Core
  readonly #window: Window
  readonly #shards = new Map<GroupId, Led>()
  #awake: Set<QueueDeadLetters> = new Set()

  constructor(core: Core) {
    this.#core = core
    this.#window = new Window(core.timers, limits.deadLettersMax, limits.deadLetterBytesMax)
  }

  leadershipChanged(group: GroupId, isLeading: boolean): void {
    for (const letters of this.#shards.get(group)?.queues.values() ?? []) this.#end(letters)
    this.#shards.delete(group)
    const machine = this.#core.groups.shardHost(group)?.machine
    if (!isLeading || machine === undefined) return
    this.#shards.set(group, { queues: new Map(), dropping: new Set() })
    for (const queue of machine.queues()) if (queue.dead.count > 0) this.#begin(group, queue)
  }

  /** What an entry changed. */
  applied(group: GroupId, effects: readonly ShardEffect[]): void {
    const led = this.#shards.get(group)
    if (led === undefined) return
    for (const effect of effects) {
      if (effect.type === 'dead-lettered') {
        this.#count(effect)
        const queue = this.#core.groups.shardHost(group)?.machine.queue(effect.queue)
        if (queue !== undefined) this.#begin(group, queue)
      } else if (effect.type === 'purged' || effect.type === 'queue-deleted') {
        // What it had is gone; what comes is another's.
        this.#end(led.queues.get(effect.queue))
        if (effect.type === 'queue-deleted') led.dropping.delete(effect.queue)
      }
    }
  }

  #count({ reason, messages }: Extract<ShardEffect, { type: 'dead-lettered' }>): void {
    const { counters } = this.#core
    if (reason === 'rejected') counters.rejectedDeadLetters += messages
    else if (reason === 'expired') counters.expiredDeadLetters += messages
    else if (reason === 'maxlen') counters.overflowDeadLetters += messages
    else counters.undeliverableDeadLetters += messages
  }

  #begin(group: GroupId, queue: QueueView): void {
    const led = this.#shards.get(group)
    const settings = queue.settings.deadLetter
    if (led === undefined || settings === null) return
    let letters = led.queues.get(queue.id)
    if (letters === undefined) {
      const source = { group, queue, settings, dropping: led.dropping }
      const created = new QueueDeadLetters(this.#core, source, this.#window, () => {
        if (this.#isCurrent(created)) this.#awake.add(created)
      })
      letters = created
      led.queues.set(queue.id, letters)
    }
    this.#awake.add(letters)
  }

  #end(letters: QueueDeadLetters | undefined): void {
    if (letters === undefined) return
    const { group, queue } = letters.source
    letters.end()
    this.#core.counters.waitingDeadLetters -= letters.counted
    this.#shards.get(group)?.queues.delete(queue.id)
  }

  /** One is in the stream to a shard. */
  sent(group: GroupId, { batch, origin }: Publish): void {
    this.#window.take(group, batch.blob.length)
    if (origin instanceof QueueDeadLetters) origin.sent(batch)
  }

  /** It is there no more. */
  answered(group: GroupId, { blob }: Batch, outcome: ForwardOutcome): void {
    // It takes nothing from anybody; what else a shard refuses is a matter of the letter.
    if (outcome.type === 'refused' && outcome.code === 'DISK_LOW') this.#window.rest(group)
    this.#window.free(group, blob.length)
  }

  /** A node that leads the metadata is granted no lease, and not told that it may route again. */
  tick(): void {
    if (this.#core.lease.isValid) this.resumeHeld()
  }

  /** This node may route again. */
  resumeHeld(): void {
    for (const { queues } of this.#shards.values()) {
      for (const letters of queues.values()) letters.resumeHeld()
    }
  }

  flush(): void {
    this.#window.flush()
    if (this.#awake.size === 0) return
    const awake = this.#awake
    this.#awake = new Set()
    for (const letters of awake) {
      if (!this.#isCurrent(letters)) continue
      letters.work()
      const { count } = letters.source.queue.dead
      this.#core.counters.waitingDeadLetters += count - letters.counted
      letters.counted = count
      if (count === 0) this.#end(letters)
    }
  }

  #isCurrent(letters: QueueDeadLetters): boolean {
    const { group, queue } = letters.source
    return this.#shards.get(group)?.queues.get(queue.id) === letters
  }
}
