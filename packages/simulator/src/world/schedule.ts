// The virtual time of a simulated world: what is to happen, ordered by when, and by who asked
// first. What uses promises says so, and they settle before anything else happens.

/** Taken before a world replaces it. */
const { setImmediate: nextTurn } = globalThis

interface Due {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

export class Schedule {
  nowMs = 0
  #order = 0
  #isUnsettled = false
  readonly #heap: Due[] = []

  /** Runs `run` in `delayMs` of virtual time. */
  after(delayMs: number, run: () => void): void {
    this.#order += 1
    this.#push({ atMs: this.nowMs + Math.max(0, delayMs), order: this.#order, run })
  }

  /** What happened just now left promises behind. */
  unsettled(): void {
    this.#isUnsettled = true
  }

  /** Lets `durationMs` pass, or less if `isDone` says so. */
  async run(durationMs: number, isDone: () => boolean = () => false): Promise<void> {
    const endMs = this.nowMs + durationMs
    for (let due = this.#heap[0]; due !== undefined && due.atMs <= endMs; due = this.#heap[0]) {
      this.#pop()
      this.nowMs = due.atMs
      due.run()
      // A turn of the real event loop comes only after all microtasks, however many they are.
      while (this.#isUnsettled) {
        this.#isUnsettled = false
        await new Promise<void>((resolve) => nextTurn(resolve))
      }
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
