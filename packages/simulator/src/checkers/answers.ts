// What clients hear from the nodes, held against what the shards have applied by then: an answer
// that comes before its commit may be a lie tomorrow, even where nothing goes wrong today.
import type { Report } from './checks.ts'
import type { ShardComparison } from './shard-comparison.ts'

type Shard = Pick<ShardComparison, 'openQueue' | 'hasApplied'>

/** What a client has sent, and hears to be stored. */
interface Confirmed {
  readonly producer: Uint8Array
  readonly sequence: number
  /** Of the publisher, for people. */
  readonly name: string
  readonly queues: readonly string[]
}

interface Settled {
  readonly queue: string
  readonly offset: number
  readonly attempt: number
  readonly isFinal: boolean
}

export class Answers {
  readonly #report: Report
  readonly #shards: () => readonly Shard[]

  constructor(report: Report, shards: () => readonly Shard[]) {
    this.#report = report
    this.#shards = shards
  }

  /** A client hears that a publish is confirmed, which is to be in these queues. */
  confirmed({ producer, sequence, name, queues }: Confirmed): void {
    const key = String.fromCharCode(...producer)
    for (const queue of queues) {
      if (this.#shardsOf(queue).some((shard) => shard.hasApplied(key, sequence))) continue
      const what = `${name}:${sequence} is confirmed, and not in ${queue}`
      this.#report('confirm-after-commit', what)
    }
  }

  #shardsOf(queue: string): readonly Shard[] {
    return this.#shards().filter((shard) => shard.openQueue(queue) !== undefined)
  }

  /** A client hears that a settlement is done; a final one ends the message. */
  settled({ queue, offset, attempt, isFinal }: Settled): void {
    for (const shard of this.#shardsOf(queue)) {
      const message = shard.openQueue(queue)?.messages.get(offset)
      if (message === undefined || (!isFinal && message.attempt > attempt)) continue
      const what = `${queue}/${offset} attempt ${attempt} is settled, and is in the queue`
      this.#report('settle-after-commit', `${what} with attempt ${message.attempt}`)
    }
  }

  /** A client hears that there is a queue. */
  declared(queue: string): void {
    if (this.#shardsOf(queue).length > 0) return
    this.#report('change-in-force', `${queue} is declared, and in no shard`)
  }

  /** A client hears that there is a queue no more. */
  deleted(queue: string): void {
    if (this.#shardsOf(queue).length === 0) return
    this.#report('change-in-force', `${queue} is deleted, and in a shard`)
  }
}
