// What must not overtake publishes: AMQP promises order on a channel, so that whatever comes after
// a publish finds its message where it went. At most one thing waits, as all else waits behind it.
import { assert } from '@holdfast/errors'

export class PublishBarrier {
  /** Publishes without an outcome. */
  #undecided = 0
  #lastSequence = 0
  #waiting: (() => void) | null = null

  /** All that was published has its outcome. */
  get isClear(): boolean {
    return this.#undecided === 0
  }

  /** Of the publish that came last; 0 before the first. */
  get lastSequence(): number {
    return this.#lastSequence
  }

  published(sequence: number): void {
    this.#lastSequence = sequence
    this.#undecided++
  }

  /** So many more have their outcome. */
  decided(count: number): void {
    this.#undecided -= count
    assert(this.#undecided >= 0, 'a publish is decided once')
    if (this.#undecided > 0 || this.#waiting === null) return
    const work = this.#waiting
    this.#waiting = null
    work()
  }

  /** Does the work once all that was published has its outcome, which may be at once. */
  wait(work: () => void): void {
    assert(this.#waiting === null, 'one thing waits at a time')
    if (this.#undecided === 0) work()
    else this.#waiting = work
  }

  /** What waits is not done any more. */
  clear(): void {
    this.#waiting = null
  }
}
