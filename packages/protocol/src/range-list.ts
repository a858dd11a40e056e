// Sets of growing numbers as ranges: confirms and settlements of one turn leave as a few pairs
// instead of one frame each. Numbers mostly arrive in order, and then adding is one comparison;
// what does not is sorted once, when the list is taken.

/** Ranges of integers. */
export class RangeList {
  #flat: number[] = []
  #isSorted = true

  get isEmpty(): boolean {
    return this.#flat.length === 0
  }

  add(first: number, last: number): void {
    const flat = this.#flat
    const end = flat[flat.length - 1]
    if (end !== undefined && first === end + 1) {
      flat[flat.length - 1] = last
      return
    }
    if (end !== undefined && first <= end) this.#isSorted = false
    flat.push(first, last)
  }

  /** `[first, last, first, last, …]`, ascending and merged. The list is empty afterwards. */
  take(): number[] {
    const flat = this.#flat
    const wasSorted = this.#isSorted
    this.#flat = []
    this.#isSorted = true
    return wasSorted ? flat : mergeRanges(flat)
  }
}

/** Sorts and merges flat pairs; overlaps count once. */
export function mergeRanges(flat: readonly number[]): number[] {
  const pairs: { first: number; last: number }[] = []
  for (let i = 0; i + 1 < flat.length; i += 2) {
    pairs.push({ first: flat[i] ?? 0, last: flat[i + 1] ?? 0 })
  }
  pairs.sort((a, b) => a.first - b.first)
  const merged: number[] = []
  for (const { first, last } of pairs) {
    const end = merged[merged.length - 1]
    if (end !== undefined && first <= end + 1) merged[merged.length - 1] = Math.max(end, last)
    else merged.push(first, last)
  }
  return merged
}

/** Ranges of deliveries: offsets that share an attempt. */
export class DeliveryRangeList {
  #flat: number[] = []
  #isSorted = true

  get isEmpty(): boolean {
    return this.#flat.length === 0
  }

  add(offset: number, attempt: number): void {
    this.addRange(offset, offset, attempt)
  }

  addRange(first: number, last: number, attempt: number): void {
    const flat = this.#flat
    const { length } = flat
    const end = flat[length - 2]
    if (end !== undefined && first === end + 1 && flat[length - 1] === attempt) {
      flat[length - 2] = last
      return
    }
    if (end !== undefined && first <= end) this.#isSorted = false
    flat.push(first, last, attempt)
  }

  /** `[first, last, attempt, …]`, ascending and merged. The list is empty afterwards. */
  take(): number[] {
    const flat = this.#flat
    const wasSorted = this.#isSorted
    this.#flat = []
    this.#isSorted = true
    return wasSorted ? flat : mergeDeliveryRanges(flat)
  }
}

/** Sorts flat triples and merges neighbours of the same attempt. */
export function mergeDeliveryRanges(flat: readonly number[]): number[] {
  const triples: { first: number; last: number; attempt: number }[] = []
  for (let i = 0; i + 2 < flat.length; i += 3) {
    triples.push({ first: flat[i] ?? 0, last: flat[i + 1] ?? 0, attempt: flat[i + 2] ?? 0 })
  }
  triples.sort((a, b) => a.first - b.first || a.attempt - b.attempt)
  const merged: number[] = []
  for (const { first, last, attempt } of triples) {
    const end = merged[merged.length - 2]
    const isNeighbour = end !== undefined && first <= end + 1
    if (isNeighbour && merged[merged.length - 1] === attempt) {
      merged[merged.length - 2] = Math.max(end, last)
    } else merged.push(first, last, attempt)
  }
  return merged
}
