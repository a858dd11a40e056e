// Headers exchanges: the four modes of x-match, types, and bindings that come and go in every
// bucket.
import type { HeaderValue } from '@holdfast/record'
import t from 'tap'
import { createExchange } from '../../src/exchange/exchange.ts'
import { HeadersIndex } from '../../src/exchange/headers.ts'
import type { BindingArguments } from '../../src/index.ts'
import type { Binding } from '../../src/topology-row.ts'
import { createRandom, pick } from '../metadata-fixture.ts'
import { matchesHeadersNaively } from '../naive-routing.ts'

const exchange = createExchange('/', 'x', 'headers')

function createBinding(id: number, bindingArguments: BindingArguments): Binding {
  const place = { source: exchange, destination: exchange, bindingKey: '', page: null, bytes: 0 }
  return { type: 'binding', id, arguments: bindingArguments, identity: String(id), ...place }
}

type Headers = Record<string, HeaderValue> | null

function matching(index: HeadersIndex, headers: Headers): readonly number[] {
  const ids: number[] = []
  index.match('', { headers: () => headers, take: (binding) => ids.push(binding.id) })
  return ids
}

const table: readonly (readonly [BindingArguments, Headers, boolean])[] = [
  [{}, null, true],
  [{}, { a: 1 }, true],
  [{ 'x-match': 'any' }, { a: 1 }, false],
  [{ 'x-match': 'all' }, null, true],
  [{ a: 1 }, { a: 1, b: 2 }, true],
  [{ a: 1, b: 2 }, { a: 1 }, false],
  [{ a: 1 }, { a: '1' }, false],
  [{ a: 1 }, null, false],
  [{ a: null }, { a: 'anything' }, true],
  [{ a: null }, { a: null }, true],
  [{ a: null }, { b: 1 }, false],
  [{ a: 1 }, { a: null }, false],
  [{ 'x-match': 'any', a: 1, b: 2 }, { b: 2 }, true],
  [{ 'x-match': 'any', a: 1, b: 2 }, { a: 2, b: 1 }, false],
  [{ 'x-match': 'any', a: null, b: 2 }, { a: 9 }, true],
  [{ 'x-match': 'all', 'x-a': 1 }, {}, true],
  [{ 'x-match': 'all', 'x-a': 1, b: 1 }, { b: 1 }, true],
  [{ 'x-match': 'any', 'x-a': 1 }, { 'x-a': 1 }, false],
  [{ 'x-match': 'all-with-x', 'x-a': 1 }, {}, false],
  [{ 'x-match': 'all-with-x', 'x-a': 1 }, { 'x-a': 1 }, true],
  [{ 'x-match': 'any-with-x', 'x-a': 1, b: 2 }, { 'x-a': 1 }, true],
  [{ a: [1, { b: true }] }, { a: [1, { b: true }] }, true],
  [{ a: new Uint8Array([1]) }, { a: new Uint8Array([1]) }, true],
  [{ a: new Uint8Array([1]) }, { a: new Uint8Array([2]) }, false],
  [{ constructor: null }, {}, false],
  [{ constructor: null }, null, false]
]

for (const [bindingArguments, headers, isMatch] of table) {
  const name = `${JSON.stringify(bindingArguments)} ${isMatch ? 'takes' : 'leaves'}`
  t.test(`${name} ${JSON.stringify(headers)}`, async (t) => {
    const index = new HeadersIndex()
    index.add(createBinding(1, bindingArguments))
    t.same(matching(index, headers), isMatch ? [1] : [])
  })
}

t.test('100,000 random messages match as defined, while bindings come and go', async (t) => {
  const seed = 5
  t.comment(`seed ${seed}`)
  const random = createRandom(seed)
  const values: readonly HeaderValue[] = [1, '1', null, true, [1]]
  const draw = (names: readonly string[]): Record<string, HeaderValue> => {
    const drawn: Record<string, HeaderValue> = {}
    for (const name of names) if (random() < 0.4) drawn[name] = pick(random, values)
    return drawn
  }
  const index = new HeadersIndex()
  const bindings: Binding[] = []
  for (let id = 1; id <= 4000; id++) {
    if (bindings.length > 50 || (bindings.length > 0 && random() < 0.3)) {
      const [removed] = bindings.splice(Math.floor(random() * bindings.length), 1)
      if (removed !== undefined) index.remove(removed)
    } else {
      const mode = pick(random, ['all', 'any', 'all-with-x', 'any-with-x'])
      const binding = createBinding(id, { 'x-match': mode, ...draw(['a', 'b', 'c', 'x-d']) })
      bindings.push(binding)
      index.add(binding)
    }
    for (let turn = 0; turn < 25; turn++) {
      const headers = random() < 0.05 ? null : draw(['a', 'b', 'c', 'x-d', 'e'])
      const wanted = bindings.filter((one) => matchesHeadersNaively(one.arguments, headers))
      const got = [...new Set(matching(index, headers))].sort((a, b) => a - b)
      if (got.join() === wanted.map((one) => one.id).join()) continue
      return t.fail(`${JSON.stringify(headers)} matched ${got}`)
    }
  }
  for (const binding of bindings) index.remove(binding)
  t.same(matching(index, { a: 1, b: 1, c: 1, 'x-d': 1 }), [])
  return undefined
})
