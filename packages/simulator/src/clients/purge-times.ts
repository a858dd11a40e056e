// When queues were purged: a purge spares what consumers hold, but for what is handed out while it
// is on its way.

/** How much later a client may hear of what happened before a purge was done. */
const lateMsMax = 200
/** A purge that was asked for again may be carried out once more, for so long. */
const repeatedMsMax = 10_000

interface Purge {
  readonly fromMs: number
  untilMs: number
}

/** When the purges of a queue were under way. */
export class PurgeTimes {
  readonly #purges = new Map<string, Purge[]>()

  /** A purge is asked for; what is returned is to be called when it is answered. */
  begin(queue: string, nowMs: number): (nowMs: number, isRepeated: boolean) => void {
    const purge: Purge = { fromMs: nowMs, untilMs: Number.POSITIVE_INFINITY }
    const purges = this.#purges.get(queue) ?? []
    this.#purges.set(queue, [...purges, purge])
    return (doneMs, isRepeated) => {
      purge.untilMs = doneMs + (isRepeated ? repeatedMsMax : lateMsMax)
    }
  }

  /** Whether what a consumer got then may have been on its way while a purge was. */
  mayHaveTaken(queue: string, receivedMs: number): boolean {
    const purges = this.#purges.get(queue) ?? []
    return purges.some(({ fromMs, untilMs }) => fromMs <= receivedMs && receivedMs <= untilMs)
  }
}
