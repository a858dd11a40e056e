// Offsets that came back and wait to be delivered again, lowest first: a requeued message is
// delivered at its original place. A binary heap of plain numbers.
export class OffsetHeap {
  #offsets: number[] = []

  get size(): number {
    return this.#offsets.length
  }

  peek(): number | undefined {
    return this.#offsets[0]
  }

  clear(): void {
    this.#offsets = []
  }

  push(offset: number): void {
    const heap = this.#offsets
    let child = heap.length
    heap.push(offset)
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
