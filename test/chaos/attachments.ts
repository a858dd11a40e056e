// Which consumer processes had which queues, and how often each had to attach anew. A consumer that
// is attached holds what it was given until it settles it; one that attaches again may be given it
// again.

export class Attachments {
  readonly #current = new Map<string, number>()
  #last = 0

  attach(consumer: number, queue: string): void {
    this.#last += 1
    this.#current.set(`${consumer} ${queue}`, this.#last)
  }

  /** Number of its present attachment to a queue, from 1; 0 if none was recorded. */
  current(consumer: number, queue: string): number {
    return this.#current.get(`${consumer} ${queue}`) ?? 0
  }
}
