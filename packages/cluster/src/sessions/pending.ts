// What a client has asked for and is not known to be so, or to be refused; and what waits for that.
// AMQP has no order between channels, but libraries that have one for each queue publish on another
// as soon as they have sent a declaration, and find with RabbitMQ that it is in force.

interface Waiting {
  /** It waits for what was asked for up to this one. */
  readonly last: number
  readonly work: () => void
}

export class Pending {
  /** In ascending order, as is what waits. */
  readonly #pending = new Set<number>()
  readonly #waiting = new Set<Waiting>()
  #last = 0

  /** Something was asked for. Returns what is to be called once that is so, or refused. */
  begin(): () => void {
    this.#last++
    const number = this.#last
    this.#pending.add(number)
    return () => {
      if (this.#pending.delete(number)) this.#goOn()
    }
  }

  /** Does the work once all that was asked for before is so or refused, which may be at once. */
  whenDone(work: () => void): void {
    this.#waiting.add({ last: this.#last, work })
    this.#goOn()
  }

  #goOn(): void {
    for (const waiting of this.#waiting) {
      const [oldest = Number.POSITIVE_INFINITY] = this.#pending
      if (oldest <= waiting.last) return
      this.#waiting.delete(waiting)
      waiting.work()
    }
  }
}
