// The catalogue: ids are unique and in their area, texts can be filled, and the page says the same.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { catalogue, type ErrorCode, type ErrorRow } from '../src/catalogue.ts'

const rows = Object.entries(catalogue) as [ErrorCode, ErrorRow][]
const page = readFileSync(
  new URL('../../docs/reference/errors.md', import.meta.resolve('@holdfast/errors/package.json')),
  'utf8'
)

t.test('an id is used once, in one of the areas, and grows down the table', async (t) => {
  const ids = rows.map(([, row]) => row.id)
  t.equal(new Set(ids).size, ids.length)
  t.same(
    ids,
    [...ids].sort((a, b) => a - b)
  )
  for (const [code, { id }] of rows) {
    t.ok([1, 2, 3, 4, 5, 9].includes(Math.floor(id / 1000)), `${code} is in an area`)
  }
})

t.test('a code is upper snake case', async (t) => {
  for (const [code] of rows) t.match(code, /^[A-Z]+(?:_[A-Z]+)*$/)
})

t.test('a status is one of HTTP for failures, a reply one of AMQP', async (t) => {
  for (const [code, { status, reply }] of rows) {
    t.ok(status >= 400 && status <= 599, code)
    t.ok(reply === null || (reply >= 300 && reply <= 599), code)
  }
})

t.test('a text is a sentence without a full stop, with details in camel case', async (t) => {
  for (const [code, { message }] of rows) {
    t.notMatch(message, /\.$/, code)
    t.equal(message, message.trim(), code)
    for (const match of message.matchAll(/\{([^}]*)\}/g))
      t.match(match[1], /^[a-z][A-Za-z]*$/, code)
    t.notMatch(message.replaceAll(/\{\w+\}/g, ''), /[{}]/, code)
  }
})

t.test('the reference page lists the catalogue, row by row', async (t) => {
  const cells = [...page.matchAll(/^\| `([A-Z_]+)` \| (.*) \|$/gm)]
  const listed = new Map(cells.map((match) => [match[1] ?? '', match[2] ?? '']))
  t.same([...listed.keys()].sort(), rows.map(([code]) => code).sort())
  for (const [code, { id, status, reply, retry, closes, message }] of rows) {
    const expected = [id, status, reply ?? '–', retry, closes, message.replaceAll('|', '\\|')]
    t.equal(listed.get(code), expected.join(' | '), code)
  }
})
