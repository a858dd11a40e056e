// The queues of a shard that expire when nobody uses them, and when the first of them may be due.
// Derived from the queues, so not replicated: what is due is decided by each queue's own deadline,
// and a look that comes too early finds nothing.
import type { ShardQueue } from './queue.ts'

export class Deadlines {
  readonly #queues: Set<ShardQueue> = new Set()
  /** No queue is due before. */
  #nextMs = Number.POSITIVE_INFINITY

  /** Log time before which nothing is due; infinite if nothing ever is as things stand. */
  get nextMs(): number {
    return this.#nextMs
  }

  /** Call whenever a queue may have got a deadline that it did not have. */
  note(queue: ShardQueue): void {
    if (queue.settings.expiresMs === 0) return
    this.#queues.add(queue)
    this.#nextMs = Math.min(this.#nextMs, queue.deadlineMs)
  }

  forget(queue: ShardQueue): void {
    this.#queues.delete(queue)
  }

  /** The queues that are due at this log time, by ascending id. */
  due(timeMs: number): readonly ShardQueue[] {
    if (timeMs < this.#nextMs) return []
    this.#nextMs = Number.POSITIVE_INFINITY
    const due: ShardQueue[] = []
    for (const queue of this.#queues) {
      if (queue.deadlineMs <= timeMs) due.push(queue)
      else this.#nextMs = Math.min(this.#nextMs, queue.deadlineMs)
    }
    return due.sort((a, b) => a.id - b.id)
  }
}
