// Names for queues whose clients leave that to the server. A name is made of the replica, of the
// record that makes this process unlike any other, even if its data is an earlier copy of itself,
// and of a number: nobody makes it again, and a declaration that is repeated within the node is
// about the same queue.
import type { Core } from '../core.ts'

const generatedPrefix = 'amq.gen-'

export class QueueNames {
  readonly #core: Core
  #process: string | null = null
  #count = 0

  constructor(core: Core) {
    this.#core = core
  }

  /** The record is durable: no other process of this replica has had it, or will. */
  open(record: number): void {
    this.#process = record.toString(36)
  }

  /** Null while no name would be this node's alone. */
  next(prefix: string = generatedPrefix): string | null {
    const { identity, groups } = this.#core
    if (this.#process === null || identity === null) return null
    this.#count += 1
    const parts = [groups.selfReplica.toString(36), this.#process, this.#count.toString(36)]
    return `${prefix}${parts.join('-')}`
  }
}
