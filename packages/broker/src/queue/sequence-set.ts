// The sequences of a producer that were applied: everything below `lowest`, and runs above. A flat
// ascending array of pairs with gaps between them; the usual batch extends the last pair.

export class SequenceSet {
  #lowest = 1
  #runs: number[] = []

  /** The producer repeats nothing below it; all of that counts as applied. */
  get lowest(): number {
    return this.#lowest
  }

  /** Pairs [first, last, …], ascending, never adjacent. */
  get runs(): readonly number[] {
    return this.#runs
  }

  get runCount(): number {
    return this.#runs.length / 2
  }

  /** Forgets what is below `lowest`, which never goes back. */
  raise(lowest: number): void {
    if (lowest <= this.#lowest) return
    this.#lowest = lowest
    const runs = this.#runs
    let kept = 0
    while (kept < runs.length && (runs[kept + 1] ?? 0) < lowest) kept += 2
    if (kept > 0) runs.splice(0, kept)
    if (runs.length > 0 && (runs[0] ?? 0) < lowest) runs[0] = lowest
  }

  /** Position of the first run that ends at or above `sequence`. */
  #locate(sequence: number): number {
    const runs = this.#runs
    if ((runs.at(-1) ?? 0) < sequence) return runs.length
    let low = 0
    let high = runs.length / 2
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((runs[middle * 2 + 1] ?? 0) >= sequence) high = middle
      else low = middle + 1
    }
    return low * 2
  }

  /** The parts of `first` … `last` that were not applied, as pairs. */
  missing(first: number, last: number): readonly number[] {
    const runs = this.#runs
    const missing: number[] = []
    let next = Math.max(first, this.#lowest)
    for (let at = this.#locate(next); at < runs.length && next <= last; at += 2) {
      const runFirst = runs[at] ?? 0
      if (runFirst > last) break
      if (runFirst > next) missing.push(next, runFirst - 1)
      next = (runs[at + 1] ?? 0) + 1
    }
    if (next <= last) missing.push(next, last)
    return missing
  }

  /** Whether one of `first` … `last` is among those that are remembered. */
  hasAny(first: number, last: number): boolean {
    return (this.#runs[this.#locate(first)] ?? Number.POSITIVE_INFINITY) <= last
  }

  /** Adds `first` … `last`, whatever of it is in the set already. */
  add(first: number, last: number): void {
    const from = Math.max(first, this.#lowest)
    if (from > last) return
    const runs = this.#runs
    // Runs that touch or overlap [from - 1, last + 1] melt into one.
    const start = this.#locate(from - 1)
    let end = start
    let low = from
    let high = last
    while (end < runs.length && (runs[end] ?? 0) <= last + 1) {
      low = Math.min(low, runs[end] ?? 0)
      high = Math.max(high, runs[end + 1] ?? 0)
      end += 2
    }
    if (end === start && start === runs.length) {
      runs.push(low, high)
    } else if (end === start + 2) {
      runs[start] = low
      runs[start + 1] = high
    } else {
      runs.splice(start, end - start, low, high)
    }
  }

  restore(lowest: number, runs: number[]): void {
    this.#lowest = lowest
    this.#runs = runs
  }
}
