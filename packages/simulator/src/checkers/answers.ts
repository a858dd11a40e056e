// What clients hear from the nodes, held against what the shards have applied by then: an answer
// that comes before its commit may be a lie tomorrow, even where nothing goes wrong today.
import type { DeathReason } from '@holdfast/broker'
import type { Report } from './checks.ts'
import type { Ending, Taken } from './hears.ts'
import type { ReferenceQueue } from './reference-types.ts'
import type { ShardComparison } from './shard-comparison.ts'

type Shard = Pick<ShardComparison, 'openQueue' | 'hasLeft' | 'hasStored'>

/** What a client has sent, and hears to be stored. */
interface Confirmed {
  readonly body: string
  readonly queues: readonly string[]
}

/** How often a message came back: at all, and by a consumer's doing. */
export interface Counts {
  readonly attempt: number
  readonly deliveryCount: number
}

interface Delivered extends Counts {
  readonly queue: string
  readonly offset: number
  readonly body: string
}

interface Settled {
  readonly queue: string
  readonly offset: number
  readonly attempt: number
  readonly isFinal: boolean
}

/** Messages by what their bodies begin with. */
export interface Kinds {
  readonly confirmed: readonly string[]
  /** Of publishers that died, and will never know; or of which one copy was refused. */
  readonly inDoubt: readonly string[]
}

export class Answers {
  readonly #report: Report
  readonly #shards: () => readonly Shard[]

  readonly #automatic = new Set<string>()
  readonly #decided = new Set<string>()

  constructor(report: Report, shards: () => readonly Shard[]) {
    this.#report = report
    this.#shards = shards
  }

  /** A client hears that a publish is confirmed, which is to be in these queues. */
  confirmed({ body, queues }: Confirmed): void {
    for (const name of queues) {
      if (this.#queues(name).some(({ bodies }) => hasValue(bodies, body))) continue
      this.#report('confirm-after-commit', `${body.slice(0, 40)} is confirmed, and not in ${name}`)
    }
  }

  /** The same where queues may be gone, and the message with them: one of them has had it. */
  confirmedSomewhere(message: string): void {
    if (this.#shards().some((shard) => shard.hasStored(message))) return
    this.#report('confirm-after-commit', `${message} is confirmed, and was never in a queue`)
  }

  /** Nobody is asked about what is delivered from this queue. */
  automatic(queue: string): void {
    this.#automatic.add(queue)
  }

  /** A client has decided on a delivery. */
  decided(ending: Ending): void {
    this.#decided.add(textOf(ending))
  }

  /** A settlement ends a message in the log. */
  settles(ending: Ending): void {
    if (this.#automatic.has(ending.queue) || this.#decided.has(textOf(ending))) return
    this.#report('settled-by-client', `${textOf(ending)}: no client has said so`)
  }

  /** A shard holds a dead letter no more, of a queue that sends it straight to another one. */
  taken({ from, to, body }: Taken): void {
    const queues = this.#queues(to)
    if (queues.every(({ bodies }) => hasValue(bodies, body))) return
    this.#report(
      'dead-letter-arrives',
      `${body.slice(0, 40)} has left ${from}, and is not in ${to}`
    )
  }

  /** A client gets what is at an offset of a queue. */
  delivered({ queue, offset, body, ...counts }: Delivered): void {
    for (const { bodies, messages } of this.#queues(queue)) {
      const there = bodies.get(offset)
      this.#compareCounts(`${queue}/${offset}`, counts, messages.get(offset))
      if (there === body) continue
      const what = `${queue}/${offset} is delivered as ${body.slice(0, 40)}`
      this.#report('delivered-from-log', `${what}, and is ${there?.slice(0, 40)}`)
    }
  }

  /** The same where the client is told no offset: wherever the queue has the message. */
  came(queue: string, body: string, counts: Counts): void {
    for (const { bodies, messages } of this.#queues(queue)) {
      for (const [offset, message] of messages) {
        if (bodies.get(offset) === body) this.#compareCounts(`${queue}/${offset}`, counts, message)
      }
    }
  }

  /** By the log an attempt has one count; what has come back since says nothing of this one. */
  #compareCounts(what: string, { attempt, deliveryCount }: Counts, there?: Counts): void {
    if (there?.attempt !== attempt || there.deliveryCount === deliveryCount) return
    const told = `${what} attempt ${attempt} is told with count ${deliveryCount}`
    this.#report('true-attempt', `${told}, and has ${there.deliveryCount}`)
  }

  /**
   * Of this name. One whose successors have its name is called otherwise by its clients, and not
   * looked at.
   */
  #queues(name: string): ReferenceQueue[] {
    const found = this.#shards().map((shard) => shard.openQueue(name))
    return found.filter((queue) => queue !== undefined)
  }

  /** A client hears that a settlement is done; a final one ends the message. */
  settled({ queue, offset, attempt, isFinal }: Settled): void {
    for (const { messages } of this.#queues(queue)) {
      const message = messages.get(offset)
      if (message === undefined || (!isFinal && message.attempt > attempt)) continue
      const what = `${queue}/${offset} attempt ${attempt} is settled, and is in the queue`
      this.#report('settle-after-commit', `${what} with attempt ${message.attempt}`)
    }
  }

  /**
   * Messages of a queue that are only ever replaced, each by one of its kind, which a body begins
   * with: as many as there were at first.
   */
  replaced(queue: string, { confirmed, inDoubt }: Kinds): void {
    for (const { messages, bodies } of this.#queues(queue)) {
      const there = [...messages.keys()].map((offset) => bodies.get(offset)?.split('|')[0] ?? '')
      const stored = inDoubt.filter((kind) => there.includes(kind))
      const kinds = [...confirmed, ...stored].sort()
      if (`${there.sort()}` === `${kinds}`) continue
      this.#report('replaced-as-a-whole', `${queue} has ${there}, not ${kinds}`)
    }
  }

  /** Whether the message, with which a body begins, has left a queue for this reason. */
  hasLeft(queue: string, message: string, reason: DeathReason): boolean {
    return this.#shards().some((shard) => shard.hasLeft(queue, message, reason))
  }

  /** A client hears that there is a queue. */
  declared(queue: string): void {
    if (this.#queues(queue).length > 0) return
    this.#report('change-in-force', `${queue} is declared, and in no shard`)
  }

  /** A client hears that there is a queue no more. */
  deleted(queue: string): void {
    if (this.#queues(queue).length === 0) return
    this.#report('change-in-force', `${queue} is deleted, and in a shard`)
  }
}

function textOf({ queue, outcome, offset, attempt }: Ending): string {
  return `${queue}/${offset} attempt ${attempt} ${outcome}`
}

/** The latest first: what is confirmed was put there just now. */
function hasValue(bodies: ReadonlyMap<number, string>, body: string): boolean {
  for (let offset = bodies.size; offset > 0; offset -= 1)
    if (bodies.get(offset) === body) return true
  return false
}
