// Packing and unpacking of plain values; hostile bytes are in scan.test.ts.
import t from 'tap'
import { pack, unpack } from '../src/index.ts'

t.test('reads prototype names as ordinary keys', async (t) => {
  const source: Record<string, unknown> = Object.create(null)
  // biome-ignore lint/suspicious/noProto: the object has no prototype; this is the case under test.
  source['__proto__'] = { polluted: true }
  source['constructor'] = 1
  const value = unpack(pack(source)) as Record<string, unknown>
  t.equal(Object.getPrototypeOf(value), null)
  t.strictSame(Object.keys(value), ['__proto__', 'constructor'])
  t.equal(({} as Record<string, unknown>)['polluted'], undefined)
})

t.test('packs only what can be read again', async (t) => {
  for (const value of [2n ** 60n, new Date(0), new Map([[1, 2]])]) {
    t.throws(() => pack(value), { code: 'REQUEST_INVALID' })
  }
  t.strictSame({ ...(unpack(pack({ a: undefined })) as object) }, { a: null })
})

t.test('what is returned belongs to the caller', async (t) => {
  const first = pack({ a: new Uint8Array([1, 2, 3]) })
  const copy = first.slice()
  for (let round = 0; round < 100; round++) pack({ b: 'x'.repeat(100) })
  t.same(first, copy)
  const value = unpack(first) as { a: Uint8Array }
  first.fill(0)
  t.same([...value.a], [1, 2, 3])
  t.equal(Object.getPrototypeOf(value.a), Uint8Array.prototype)
})
