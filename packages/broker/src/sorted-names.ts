// Names in a stable order that pages can be cut from while names come and go: by UTF-16 code unit,
// which needs no locale and is the same everywhere. Two levels of arrays: an insertion moves at
// most one chunk.
const chunkLengthMax = 512

/** First position in `chunk` whose name is not below `name`. */
function positionIn(chunk: readonly string[], name: string): number {
  let low = 0
  let high = chunk.length
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if ((chunk[middle] ?? '') < name) low = middle + 1
    else high = middle
  }
  return low
}

export class SortedNames {
  /** Never empty chunks, each ascending, in ascending order. */
  readonly #chunks: string[][] = []

  /** Adds a name that is not there yet. */
  add(name: string): void {
    const at = Math.min(this.#chunkOf(name), this.#chunks.length - 1)
    const chunk = this.#chunks[at]
    if (chunk === undefined) {
      this.#chunks.push([name])
      return
    }
    chunk.splice(positionIn(chunk, name), 0, name)
    if (chunk.length > chunkLengthMax) {
      this.#chunks.splice(at + 1, 0, chunk.splice(chunkLengthMax / 2))
    }
  }

  remove(name: string): void {
    const at = this.#chunkOf(name)
    const chunk = this.#chunks[at]
    if (chunk === undefined) return
    const position = positionIn(chunk, name)
    if (chunk[position] === name) chunk.splice(position, 1)
    if (chunk.length === 0) this.#chunks.splice(at, 1)
  }

  /** Names above `name` in order, at most `countMax`; from the start when `name` is null. */
  after(name: string | null, countMax: number): readonly string[] {
    const page: string[] = []
    let at = name === null ? 0 : this.#chunkOf(name)
    let position = 0
    if (name !== null) {
      const chunk = this.#chunks[at] ?? []
      position = positionIn(chunk, name)
      if (chunk[position] === name) position += 1
    }
    for (; at < this.#chunks.length && page.length < countMax; at++, position = 0) {
      const chunk = this.#chunks[at] ?? []
      const count = Math.min(chunk.length - position, countMax - page.length)
      for (let index = 0; index < count; index++) page.push(chunk[position + index] ?? '')
    }
    return page
  }

  /** First chunk whose last name is not below `name`; the number of chunks when there is none. */
  #chunkOf(name: string): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if ((this.#chunks[middle]?.at(-1) ?? '') < name) low = middle + 1
      else high = middle
    }
    return low
  }
}
