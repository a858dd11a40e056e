// When queues were purged, and of what: a purge spares what consumers hold, but for what is handed
// out while it is on its way. When it was handed out counts, not when it came: a cut may hold it up
// for longer than any bound.

/** A purge that was asked for again may be carried out once more, for so long. */
const repeatedMsMax = 10_000

interface Purge {
  readonly fromMs: number
  untilMs: number
}

/** When the purges of a queue were under way, and what they must have taken. */
export class PurgeTimes {
  readonly #purges = new Map<string, Purge[]>()
  /** Of queues that are purged: confirmed messages that nobody got yet, and when that was. */
  readonly #waiting = new Map<string, Map<string, number>>()
  /** By queue and message: when the answer to a purge that must have taken it came. */
  readonly #takenMs = new Map<string, number>()

  /** The queue is one that is purged. */
  watch(queue: string): void {
    this.#waiting.set(queue, new Map())
  }

  confirmed(queue: string, message: string, nowMs: number): void {
    this.#waiting.get(queue)?.set(message, nowMs)
  }

  /** A client got it. */
  received(queue: string, message: string): void {
    this.#waiting.get(queue)?.delete(message)
  }

  /** A purge that was asked for at `askedMs` is done. */
  done(queue: string, askedMs: number, nowMs: number): void {
    const waiting = this.#waiting.get(queue)
    for (const [message, confirmedMs] of waiting ?? []) {
      if (confirmedMs >= askedMs) continue
      this.#takenMs.set(`${queue} ${message}`, nowMs)
      waiting?.delete(message)
    }
  }

  /** Null: the message may be there. */
  takenMs(queue: string, message: string): number | null {
    return this.#takenMs.get(`${queue} ${message}`) ?? null
  }

  /** A purge is asked for; what is returned is to be called when it is answered. */
  begin(queue: string, nowMs: number): (nowMs: number, isRepeated: boolean) => void {
    const purge: Purge = { fromMs: nowMs, untilMs: Number.POSITIVE_INFINITY }
    const purges = this.#purges.get(queue) ?? []
    this.#purges.set(queue, [...purges, purge])
    return (doneMs, isRepeated) => {
      purge.untilMs = doneMs + (isRepeated ? repeatedMsMax : 0)
    }
  }

  /** Whether a purge was on its way when a leader handed this out, and may not have spared it. */
  mayHaveTaken(queue: string, handedOutMs: number): boolean {
    const purges = this.#purges.get(queue) ?? []
    return purges.some(({ fromMs, untilMs }) => fromMs <= handedOutMs && handedOutMs <= untilMs)
  }
}
