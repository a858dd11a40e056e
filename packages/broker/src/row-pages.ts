// The rows of the topology in order of creation, cut into pages. A page becomes one blob of a
// snapshot; only pages that changed since are written again, so a snapshot costs what changed
// (architecture, A5). Order of creation is an order in which everything a row refers to stands
// before it: restoring is creating again. Sparse neighbours are joined, so that pages do not
// outlive what they held.
import { assert } from '@holdfast/errors'
import type { Page, Row } from './topology-row.ts'

export class RowPages {
  /** Grows with every row that comes or goes. */
  changes = 0
  #pages: Page[] = []
  #isRestoring = false
  readonly #pageBytes: number

  /** `pageBytes`: estimated bytes at which a page is full. */
  constructor(pageBytes: number) {
    this.#pageBytes = pageBytes
  }

  append(row: Row): void {
    let page = this.#pages.at(-1)
    const isFull = page !== undefined && page.bytes >= this.#pageBytes && !this.#isRestoring
    if (page === undefined || isFull) page = this.#appendPage()
    page.blob = null
    this.#put(page, row)
    this.changes += 1
  }

  /** Reads a page back: what `create` appends is what `blob` holds. */
  restorePage(blob: number, create: () => void): void {
    const page = this.#appendPage()
    this.#isRestoring = true
    create()
    this.#isRestoring = false
    page.blob = blob
  }

  remove(row: Row): void {
    const { page } = row
    assert(page?.rows.delete(row) === true, 'a row to remove is on its page')
    page.bytes -= row.bytes
    page.blob = null
    row.page = null
    this.changes += 1
  }

  /** The pages in order, after joining sparse ones and dropping empty ones. */
  compacted(): readonly Page[] {
    const pages: Page[] = []
    for (const page of this.#pages) {
      if (page.rows.size === 0) continue
      const previous = pages.at(-1)
      if (previous !== undefined && this.#isWorthJoining(previous, page)) {
        previous.blob = null
        for (const row of page.rows) this.#put(previous, row)
      } else pages.push(page)
    }
    this.#pages = pages
    return pages
  }

  /** Every row, in order of creation. */
  *rows(): Generator<Row> {
    for (const page of this.#pages) yield* page.rows
  }

  /** Two clean pages stay as they are: joining them would write what did not change. */
  #isWorthJoining(previous: Page, page: Page): boolean {
    if (previous.blob !== null && page.blob !== null) return false
    return previous.bytes + page.bytes <= this.#pageBytes / 2
  }

  #appendPage(): Page {
    const page: Page = { rows: new Set(), bytes: 0, blob: null }
    this.#pages.push(page)
    return page
  }

  #put(page: Page, row: Row): void {
    page.rows.add(row)
    page.bytes += row.bytes
    row.page = page
  }
}
