// Offsets that came back and wait to be delivered again, lowest first: a requeued message is
// delivered at its original place. A binary heap of plain numbers.
export class OffsetHeap {
  #offsets: number[] = []
  /** What is sorted is a heap, and stays one without its last. */
  #isSorted = false

  get size(): number {
    return this.#offsets.length
  }

  peek(): number | undefined {
    return this.#offsets[0]
  }

  clear(): void {
    this.#offsets = []
  }

  /** Takes the highest; one after the other costs no more than to sort all. */
  popHighest(): number | undefined {
    if (!this.#isSorted) this.#offsets.sort((a, b) => a - b)
    this.#isSorted = true
    return this.#offsets.pop()
  }

  push(offset: number): void {
    const heap = this.#offsets
    let child = heap.length
    heap.push(offset)
    this.#isSorted = false
    while (child > 0) {
      const parent = (child - 1) >>> 1
      const above = heap[parent] ?? 0
      if (above <= offset) break
      heap[child] = above
      child = parent
    }
    heap[child] = offset
  }

  pop(): number | undefined {
    const heap = this.#offsets
    this.#isSorted = false
    const top = heap[0]
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return top
    let parent = 0
    for (;;) {
      let child = parent * 2 + 1
      const right = heap[child + 1]
      if (right !== undefined && right < (heap[child] ?? 0)) child++
      const below = heap[child]
      if (below === undefined || below >= last) break
      heap[parent] = below
      parent = child
    }
    heap[parent] = last
    return top
  }
}
