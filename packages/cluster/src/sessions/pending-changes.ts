// What a client has asked to be there, or to go, and was not told that it is so: queues, exchanges,
// bindings. AMQP has no order between channels, but libraries that have one for each queue publish
// on another as soon as they have sent a declaration, and find with RabbitMQ that it is in force.

interface Waiting {
  readonly left: Set<number>
  readonly work: () => void
}

export class PendingChanges {
  readonly #pending = new Set<number>()
  #waiting: Waiting[] = []
  #last = 0

  /** One was asked for. Returns what is to be called once that is so, or refused. */
  begin(): () => void {
    this.#last++
    const change = this.#last
    this.#pending.add(change)
    return () => this.#done(change)
  }

  /** Does the work once all that was asked for before is so or refused, which may be at once. */
  whenDone(work: () => void): void {
    if (this.#pending.size === 0) work()
    else this.#waiting.push({ left: new Set(this.#pending), work })
  }

  #done(change: number): void {
    if (!this.#pending.delete(change)) return
    for (const { left } of this.#waiting) left.delete(change)
    const due = this.#waiting.filter(({ left }) => left.size === 0)
    this.#waiting = this.#waiting.filter(({ left }) => left.size > 0)
    for (const { work } of due) work()
  }
}
