// How many live messages each entry of the log holds. The log is the message store: an entry may be
// forgotten once this count is zero and a snapshot stands for its other effects (architecture, A5).
// Derived from the rows of the queues, so it is not part of a snapshot.
import { assert } from '@holdfast/errors'
import type { IndexRange } from './machine.ts'

const pageEntries = 1024

interface Page {
  /** First entry divided by the entries of a page. */
  number: number
  readonly counts: Uint32Array
  /** Entries of the page with a count above zero. */
  liveEntries: number
}

function append(ranges: { first: number; last: number }[], entry: number): void {
  const last = ranges.at(-1)
  if (last !== undefined && last.last + 1 === entry) last.last = entry
  else ranges.push({ first: entry, last: entry })
}

export class LiveEntries {
  readonly #pages: Map<number, Page> = new Map()
  /** The page asked for last: publishes and settlements run along the log. */
  #recent: Page | null = null
  /** An empty page for the next use: a queue that is drained all the time would make many. */
  #spare: Page | null = null
  /** Highest entry that the last snapshot stands for. */
  #snapshotIndex = 0
  /** Entries up to it whose count has become zero since, in the order of that. */
  #freed: number[] = []

  constructor(snapshotIndex = 0) {
    this.#snapshotIndex = snapshotIndex
  }

  #find(number: number): Page | undefined {
    if (this.#recent?.number === number) return this.#recent
    const page = this.#pages.get(number)
    if (page !== undefined) this.#recent = page
    return page
  }

  add(entry: number, messages: number): void {
    const number = Math.floor(entry / pageEntries)
    let page = this.#find(number)
    if (page === undefined) {
      page = this.#spare ?? { number, counts: new Uint32Array(pageEntries), liveEntries: 0 }
      page.number = number
      this.#spare = null
      this.#pages.set(number, page)
      this.#recent = page
    }
    const slot = entry - number * pageEntries
    const before = page.counts[slot] ?? 0
    if (before === 0) page.liveEntries++
    page.counts[slot] = before + messages
  }

  remove(entry: number, messages: number): void {
    const number = Math.floor(entry / pageEntries)
    const page = this.#find(number)
    assert(page !== undefined, 'an entry of a live message is counted')
    const slot = entry - number * pageEntries
    const before = page.counts[slot] ?? 0
    assert(before >= messages, 'an entry has as many live messages as are settled')
    page.counts[slot] = before - messages
    if (before > messages) return
    if (entry <= this.#snapshotIndex) this.#freed.push(entry)
    page.liveEntries--
    if (page.liveEntries === 0) {
      this.#pages.delete(number)
      this.#spare = page
      if (this.#recent === page) this.#recent = null
    }
  }

  /** Live messages of one entry. */
  count(entry: number): number {
    const number = Math.floor(entry / pageEntries)
    return this.#find(number)?.counts[entry - number * pageEntries] ?? 0
  }

  /** All entries with live messages, ascending. */
  ranges(): readonly IndexRange[] {
    const ranges: { first: number; last: number }[] = []
    for (const number of [...this.#pages.keys()].sort((a, b) => a - b)) {
      const counts = this.#pages.get(number)?.counts ?? new Uint32Array()
      for (let slot = 0; slot < counts.length; slot++) {
        if ((counts[slot] ?? 0) > 0) append(ranges, number * pageEntries + slot)
      }
    }
    return ranges
  }

  /** Entries up to `index` freed since the last call, ascending; each entry is told once. */
  takeFreed(index: number): readonly IndexRange[] {
    const ranges: { first: number; last: number }[] = []
    for (const entry of this.#freed.sort((a, b) => a - b)) append(ranges, entry)
    for (let entry = this.#snapshotIndex + 1; entry <= index; entry++) {
      if (this.count(entry) === 0) append(ranges, entry)
    }
    this.#freed = []
    this.#snapshotIndex = index
    return ranges
  }
}
