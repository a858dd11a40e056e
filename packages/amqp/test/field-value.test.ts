// Field values: equality across widths, and the way to the native protocol and back.
import type { HeaderValue } from '@holdfast/record'
import t from 'tap'
import type { FieldValue } from '../src/field-table.ts'
import {
  fieldOf,
  integerField,
  plainTable,
  plainValue,
  sameField,
  sameTable,
  tableOf,
  textField,
  textOf
} from '../src/field-value.ts'

t.test('numbers are compared by value, everything else by type and value', async (t) => {
  const same: [FieldValue, FieldValue][] = [
    [integerField(60_000), { type: 'l', value: 60_000n }],
    [
      { type: 'b', value: 5 },
      { type: 'i', value: 5 }
    ],
    [
      { type: 'd', value: 5 },
      { type: 'u', value: 5 }
    ],
    [
      { type: 'D', scale: 1, value: 50 },
      { type: 'D', scale: 0, value: 5 }
    ],
    [textField('a'), textField('a')],
    [{ type: 'V' }, { type: 'V' }],
    [
      { type: 'A', value: [integerField(1)] },
      { type: 'A', value: [{ type: 'B', value: 1 }] }
    ],
    [
      { type: 'F', value: new Map([['a', integerField(1)]]) },
      { type: 'F', value: new Map([['a', { type: 'l', value: 1n }]]) }
    ]
  ]
  for (const [a, b] of same) t.ok(sameField(a, b) && sameField(b, a), `${a.type} and ${b.type}`)
  const different: [FieldValue, FieldValue][] = [
    [integerField(1), integerField(2)],
    [integerField(1), { type: 't', value: true }],
    [{ type: 'T', value: 1n }, integerField(1)],
    [textField('1'), integerField(1)],
    [textField('a'), { type: 'x', value: Uint8Array.of(0x61) }],
    [textField('a'), textField('b')],
    [{ type: 'V' }, { type: 't', value: false }],
    [
      { type: 'l', value: 2n ** 53n + 1n },
      { type: 'd', value: 2 ** 53 }
    ],
    [
      { type: 'A', value: [integerField(1)] },
      { type: 'A', value: [] }
    ]
  ]
  for (const [a, b] of different) t.notOk(sameField(a, b) || sameField(b, a), `${a.type} ${b.type}`)
})

t.test('tables are the same in any order', async (t) => {
  const [a, b] = [textField('a'), integerField(1)]
  t.ok(
    sameTable(
      new Map([
        ['x', a],
        ['y', b]
      ]),
      new Map([
        ['y', b],
        ['x', a]
      ])
    )
  )
  t.notOk(sameTable(new Map([['x', a]]), new Map([['y', a]])))
  t.notOk(sameTable(new Map([['x', a]]), new Map()))
})

t.test('values of the native protocol come back as they were', async (t) => {
  const values: HeaderValue[] = [
    null,
    true,
    0,
    -5,
    2 ** 31,
    -(2 ** 31),
    Number.MAX_SAFE_INTEGER,
    1.5,
    'ü',
    Uint8Array.of(1, 255),
    [1, ['a', null]],
    { a: { b: 1 } }
  ]
  for (const value of values) t.same(plainValue(fieldOf(value)), value)
  t.equal(fieldOf(2 ** 31 - 1).type, 'I')
  t.equal(fieldOf(2 ** 31).type, 'l')
})

t.test('what no number holds exactly becomes its digits', async (t) => {
  t.equal(plainValue({ type: 'l', value: -(2n ** 63n) }), '-9223372036854775808')
  t.equal(plainValue({ type: 'T', value: 7n }), 7)
  t.equal(plainValue({ type: 'd', value: 2 ** 60 }), '1152921504606846976')
  t.equal(plainValue({ type: 'D', scale: 2, value: 150 }), 1.5)
})

t.test('a long string is text where it can be, and bytes where not', async (t) => {
  t.equal(plainValue(textField('€')), '€')
  t.same(plainValue({ type: 'S', value: Uint8Array.of(0xff) }), Uint8Array.of(0xff))
  t.equal(textOf(Uint8Array.of(0xc3, 0xbc)), 'ü')
  t.equal(textOf(Uint8Array.of(0xff, 0x41)), 'ÿA')
})

t.test('a name is never more than a key', async (t) => {
  const plain = plainTable(new Map([['__proto__', { type: 'F', value: new Map() }]]))
  t.same(Object.keys(plain), ['__proto__'])
  t.equal(Object.getPrototypeOf(plain), null)
  t.same([...tableOf({ ['x'.repeat(256)]: 1, a: 2 }).keys()], ['a'])
})
