// Pages of rows: order of creation, what makes a page dirty, joining, reading back.
import t from 'tap'
import { RowPages } from '../src/row-pages.ts'
import type { Row } from '../src/topology-row.ts'

function createRow(bytes: number): Row {
  return { type: 'vhost', name: '', exchanges: new Map(), queues: new Map(), page: null, bytes }
}

function fill(pages: RowPages, count: number): readonly Row[] {
  const rows = Array.from({ length: count }, () => createRow(10))
  for (const row of rows) pages.append(row)
  return rows
}

/** Pretends that every page was written; returns the numbers of rows on each. */
function write(pages: RowPages): readonly number[] {
  return pages.compacted().map((page, index) => {
    page.blob ??= index + 1
    return page.rows.size
  })
}

t.test('rows keep the order of their creation', async (t) => {
  const pages = new RowPages(100)
  const rows = fill(pages, 25)
  t.same(write(pages), [10, 10, 5])
  t.ok([...pages.rows()].every((row, index) => row === rows[index]))
  t.equal(pages.changes, 25)
})

t.test('only pages with changes are dirty', async (t) => {
  const pages = new RowPages(100)
  const rows = fill(pages, 25)
  write(pages)
  const [, second] = rows
  if (second !== undefined) pages.remove(second)
  fill(pages, 1)
  const dirty = pages.compacted().map((page) => page.blob === null)
  t.same(dirty, [true, false, true])
  t.equal(second?.page, null)
})

t.test('sparse neighbours are joined and empty pages dropped', async (t) => {
  const pages = new RowPages(100)
  const rows = fill(pages, 40)
  write(pages)
  for (const [index, row] of rows.entries()) {
    if (index % 10 > 1 || (index >= 30 && index < 40)) pages.remove(row)
  }
  t.same(write(pages), [4, 2])
  const kept = rows.filter((row) => row.page !== null)
  t.same(
    [...pages.rows()].map((row) => rows.indexOf(row)),
    kept.map((row) => rows.indexOf(row))
  )
  for (const row of kept) pages.remove(row)
  t.same(write(pages), [])
})

t.test('a page that is read back is as large as it was, whatever fits now', async (t) => {
  const pages = new RowPages(15)
  pages.restorePage(7, () => fill(pages, 9))
  t.same(
    pages.compacted().map(({ blob, rows }) => [blob, rows.size]),
    [[7, 9]]
  )
  fill(pages, 1)
  t.same(
    pages.compacted().map(({ blob, rows }) => [blob, rows.size]),
    [
      [7, 9],
      [null, 1]
    ]
  )
})

t.test('a row is removed once', async (t) => {
  const pages = new RowPages(100)
  const [row] = fill(pages, 1)
  if (row === undefined) throw new Error('there is a row')
  pages.remove(row)
  t.throws(() => pages.remove(row), { name: 'AssertionError' })
})
