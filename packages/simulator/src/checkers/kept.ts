// What clients of AMQP hold on connections that stay, whoever leads: once their node has told a new
// leader that all who hold something are back, that leader takes none of it for nobody's. Before it
// has heard of all, or waits for them no more, it puts back nothing.
import type { GroupId } from '@holdfast/cluster'
import type { Report } from './checks.ts'
import type { ReferenceQueue } from './reference-types.ts'

/** How long what a node sends may be on its way to a client. */
const underWayMsMax = 200

/** A delivery in the hands of a client that has not settled it. */
export interface Kept {
  readonly client: string
  /** To which the client is connected. */
  readonly node: number
  readonly queue: string
  readonly body: string
}

interface Lead {
  readonly group: GroupId
  readonly term: number
}

interface Held extends Kept {
  readonly sinceMs: number
}

export class KeptDeliveries {
  readonly #report: Report
  readonly #nowMs: () => number
  readonly #queueOf: (group: GroupId, name: string) => ReferenceQueue | undefined
  readonly #held = new Set<Held>()
  /** What the leader of a term has been told of, by shard. */
  readonly #told = new Map<GroupId, { readonly term: number; readonly held: Set<Held> }>()
  /** Leaders that wait for no node any more, by shard and term. */
  readonly #over = new Set<string>()
  /** When the log put it back last, by queue and body. */
  readonly #backMs = new Map<string, number>()

  /** `queueOf`: the queue of a name in a shard, as it was committed last. */
  constructor(
    report: Report,
    nowMs: () => number,
    queueOf: (group: GroupId, name: string) => ReferenceQueue | undefined
  ) {
    this.#report = report
    this.#nowMs = nowMs
    this.#queueOf = queueOf
  }

  /** A client got it. What is returned is to be called when it settles it, or is gone. */
  got(kept: Kept): () => void {
    const held = { ...kept, sinceMs: this.#nowMs() }
    this.#held.add(held)
    return () => this.#held.delete(held)
  }

  /** The leader of a term hears of a node that all who hold something there are back. */
  rollAnswered(group: GroupId, term: number, node: number): void {
    let told = this.#told.get(group)
    if (told === undefined || told.term < term) {
      told = { term, held: new Set() }
      this.#told.set(group, told)
    }
    if (told.term > term) return
    for (const held of this.#held) {
      if (held.node !== node || this.#queueOf(group, held.queue) === undefined) continue
      if (!this.isBack(held, held.sinceMs)) told.held.add(held)
    }
  }

  /** Whether the log has put it back since it came, or while it was on its way. */
  isBack(message: Pick<Kept, 'queue' | 'body'>, sinceMs: number): boolean {
    const backMs = this.#backMs.get(keyOf(message)) ?? Number.NEGATIVE_INFINITY
    return backMs >= sinceMs - underWayMsMax
  }

  /** The leader of a term waits for no node any more. */
  rollOver({ group, term }: Lead): void {
    this.#over.add(`${group} ${term}`)
  }

  /** The leader of a term has put back whatever nobody claimed. */
  opened({ group, term }: Lead, queue: string): void {
    if (this.#over.has(`${group} ${term}`)) return
    const what = `the leader of ${term} opens ${queue} before all have said what they hold`
    this.#report('kept-deliveries', `group ${group}: ${what}`)
  }

  /** The log puts a message back: since nobody claimed it, or for another reason. */
  returned(
    { group, term }: Lead,
    { queue, body }: { readonly queue: string; readonly body: string },
    isUnclaimed: boolean
  ): void {
    this.#backMs.set(keyOf({ queue, body }), this.#nowMs())
    const told = this.#told.get(group)
    if (told === undefined) return
    for (const held of told.held) {
      if (held.queue !== queue || held.body !== body) continue
      told.held.delete(held)
      if (!isUnclaimed || told.term !== term || !this.#held.has(held)) continue
      const what = `${body.slice(0, 40)} in ${queue}, which ${held.client} holds at ${held.node}`
      this.#report('kept-deliveries', `group ${group}: the leader of ${term} puts back ${what}`)
    }
  }
}

function keyOf({ queue, body }: Pick<Kept, 'queue' | 'body'>): string {
  return `${queue} ${body}`
}
