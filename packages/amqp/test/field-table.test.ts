// Field tables: what comes back, what is refused, and the bytes that RabbitMQ writes.
import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import { type FieldTable, readTable, writeTable } from '../src/field-table.ts'
import { codeOf, cutsOf, flipsOf, hex, randomTable, readerOf, written } from './generator.ts'

const seed = chooseSeed()
t.comment(`SEED=${seed}`)

const bytesOf = (table: FieldTable): Uint8Array => written((writer) => writeTable(writer, table))
const tableOf = (bytes: Uint8Array): FieldTable => readTable(readerOf(bytes))

/** A table with one field, `a`, whose value is given in hex. */
function field(value: string): Uint8Array {
  const bytes = hex(value)
  return Uint8Array.from([0, 0, 0, 2 + bytes.length, 1, 0x61, ...bytes])
}

t.test('a table comes back as it was written', async (t) => {
  const random = new Random(seed)
  for (let round = 0; round < 300; round++) {
    const table = randomTable(random)
    const bytes = bytesOf(table)
    const read = tableOf(bytes)
    t.same(read, table, `seed ${seed}, round ${round}`)
    t.same(bytesOf(read), bytes)
  }
})

t.test('every type is read, and written with the letter that RabbitMQ writes', async (t) => {
  const cases: [string, unknown, string?][] = [
    ['74 01', { type: 't', value: true }],
    ['62 ff', { type: 'b', value: -1 }],
    ['42 ff', { type: 'B', value: 255 }],
    ['73 8000', { type: 's', value: -32_768 }],
    ['75 8000', { type: 'u', value: 32_768 }],
    ['49 ffffffff', { type: 'I', value: -1 }],
    ['69 ffffffff', { type: 'i', value: 2 ** 32 - 1 }],
    ['6c ffffffffffffffff', { type: 'l', value: -1n }],
    ['4c ffffffffffffffff', { type: 'l', value: -1n }, '6c ffffffffffffffff'],
    ['54 ffffffffffffffff', { type: 'T', value: 2n ** 64n - 1n }],
    ['66 3fc00000', { type: 'f', value: 1.5 }],
    ['64 3ff8000000000000', { type: 'd', value: 1.5 }],
    ['44 02 fffffff6', { type: 'D', scale: 2, value: -10 }],
    ['53 00000002 ff00', { type: 'S', value: Uint8Array.of(255, 0) }],
    ['78 00000001 07', { type: 'x', value: Uint8Array.of(7) }],
    ['41 00000003 7401 56', { type: 'A', value: [{ type: 't', value: true }, { type: 'V' }] }],
    ['46 00000003 01 62 56', { type: 'F', value: new Map([['b', { type: 'V' }]]) }],
    ['56', { type: 'V' }]
  ]
  for (const [value, expected, rewritten = value] of cases) {
    const table = tableOf(field(value))
    t.same(table.get('a'), expected, value)
    t.same(bytesOf(table), field(rewritten), value)
  }
})

t.test('of a name that is given twice, the first counts', async (t) => {
  const table = tableOf(hex('00000008 0161 7401 0161 7400'))
  t.same([...table], [['a', { type: 't', value: true }]])
})

t.test('a table cut at any byte is refused with 502', async (t) => {
  const random = new Random(seed).split('cuts')
  for (let round = 0; round < 20; round++) {
    for (const cut of cutsOf(bytesOf(randomTable(random)))) {
      const code = codeOf(() => tableOf(cut))
      if (code !== 502) t.fail(`${code} for ${Buffer.from(cut).toString('hex')}`)
    }
  }
})

t.test('any flipped bit gives a table or 502', async (t) => {
  const random = new Random(seed).split('flips')
  for (let round = 0; round < 20; round++) {
    for (const flipped of flipsOf(bytesOf(randomTable(random)))) {
      const code = codeOf(() => tableOf(flipped))
      if (code !== 0 && code !== 502) t.fail(`${code} for ${Buffer.from(flipped).toString('hex')}`)
    }
  }
})

/** A table of tables, `depth` in all. */
function nested(depth: number): FieldTable {
  let table: FieldTable = new Map()
  for (let at = 1; at < depth; at++) table = new Map([['', { type: 'F', value: table }]])
  return table
}

t.test('depth and length have bounds', async (t) => {
  t.equal(
    codeOf(() => tableOf(bytesOf(nested(16)))),
    0
  )
  t.equal(
    codeOf(() => tableOf(bytesOf(nested(17)))),
    502
  )
  t.equal(
    codeOf(() => tableOf(field('53 00010000'))),
    502,
    'a string longer than its table'
  )
  t.equal(
    codeOf(() => tableOf(hex('ffffffff'))),
    502,
    'a table of 4 GiB'
  )
  t.equal(
    codeOf(() => tableOf(hex('00010001'))),
    502,
    'a table of 64 KiB and one byte'
  )
  t.equal(
    codeOf(() => tableOf(field('7a'))),
    502,
    'an unknown type'
  )
  t.equal(
    codeOf(() => tableOf(hex('00000004 02 c328 56'))),
    502,
    'a name that is not UTF-8'
  )
})
