// How far the publishes of one connection are on their way, by sequence. Whoever routes them does
// so in their order, and may find that one ends its channel (its exchange is not there, or not for
// this user): what the client sent behind it then never counted. What must not happen before that
// is known waits here; it does not wait for outcomes, as a commit takes long.

export class PublishProgress {
  #upTo = 0
  /** By the last publish that it comes behind, which is of one channel: one waits for each. */
  readonly #waiting = new Map<number, () => void>()

  /** Whether all up to a sequence are on their way. */
  isRouted(sequence: number): boolean {
    return sequence <= this.#upTo
  }

  /** Does the work once all up to a sequence are on their way, which they are not yet. */
  wait(sequence: number, work: () => void): void {
    this.#waiting.set(sequence, work)
  }

  /** All up to a sequence are on their way; true: something has waited for that. */
  advance(upTo: number): boolean {
    const from = this.#upTo + 1
    this.#upTo = Math.max(this.#upTo, upTo)
    let hasGoneOn = false
    for (let at = from; at <= upTo && this.#waiting.size > 0; at++) {
      const work = this.#waiting.get(at)
      if (work === undefined) continue
      this.#waiting.delete(at)
      hasGoneOn = true
      work()
    }
    return hasGoneOn
  }
}
