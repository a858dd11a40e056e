// What a leader takes for due while it hands out messages of a queue: by the time that an entry
// would have if it were proposed now.
export class DueJudge {
  #byMs = Number.NEGATIVE_INFINITY
  /** From here on messages have just arrived, and none is due yet. */
  #arrivedFrom = Number.POSITIVE_INFINITY

  /** What has its deadline by then is due. */
  get byMs(): number {
    return this.#byMs
  }

  get arrivedFrom(): number {
    return this.#arrivedFrom
  }

  /** A message may be handed out once when it arrives, even with no time to live (RabbitMQ). */
  arrived(first: number): void {
    this.#arrivedFrom = Math.min(this.#arrivedFrom, first)
  }

  /** From here to `judged`, what is due by `timeMs` is passed over. */
  judgeBy(timeMs: number): void {
    this.#byMs = timeMs
  }

  judged(): void {
    this.#arrivedFrom = Number.POSITIVE_INFINITY
  }

  /** Deadlines up to it are due; of a run that begins at `offset`, which are all alike in this. */
  msAt(offset: number): number {
    return offset >= this.#arrivedFrom ? Number.NEGATIVE_INFINITY : this.#byMs
  }
}
