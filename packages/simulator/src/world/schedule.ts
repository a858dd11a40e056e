// The virtual time of a simulated world: what is to happen, ordered by when, and by who asked
// first.
interface Due {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

export class Schedule {
  nowMs = 0
  #order = 0
  readonly #heap: Due[] = []

  /** Runs `run` in `delayMs` of virtual time. */
  after(delayMs: number, run: () => void): void {
    this.#order += 1
    this.#push({ atMs: this.nowMs + Math.max(0, delayMs), order: this.#order, run })
  }

  /** Lets `durationMs` pass, or less if `isDone` says so. */
  run(durationMs: number, isDone: () => boolean = () => false): void {
    const endMs = this.nowMs + durationMs
    for (let due = this.#heap[0]; due !== undefined && due.atMs <= endMs; due = this.#heap[0]) {
      this.#pop()
      this.nowMs = due.atMs
      due.run()
      if (isDone()) return
    }
    this.nowMs = endMs
  }

  #push(due: Due): void {
    const heap = this.#heap
    let child = heap.length
    heap.push(due)
    while (child > 0) {
      const parent = (child - 1) >>> 1
      const above = heap[parent]
      if (above === undefined || isBefore(above, due)) break
      heap[child] = above
      child = parent
    }
    heap[child] = due
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let parent = 0
    for (;;) {
      let child = parent * 2 + 1
      const left = heap[child]
      const right = heap[child + 1]
      if (left !== undefined && right !== undefined && isBefore(right, left)) child += 1
      const below = heap[child]
      if (below === undefined || isBefore(last, below)) break
      heap[parent] = below
      parent = child
    }
    heap[parent] = last
  }
}

function isBefore(left: Due, right: Due): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order)
}
