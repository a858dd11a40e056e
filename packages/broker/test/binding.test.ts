// Identity of bindings and the lists they are kept in.
import type { HeaderValue } from '@holdfast/record'
import t from 'tap'
import { bindingIdentity, canonicalArguments, canonicalValue } from '../src/binding.ts'

const different: readonly HeaderValue[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  0.1,
  '',
  '1',
  't',
  'z',
  'n1;',
  new Uint8Array(),
  new Uint8Array([1]),
  new Uint8Array([16]),
  [],
  [1],
  [[1]],
  [1, 2],
  ['1', '2'],
  ['1:2'],
  {},
  { a: 1 },
  { a: '1' },
  { a: 1, b: 2 },
  { a: { b: 2 } },
  { 'a1:b': 2 }
]

t.test('different values have different canonical forms', async (t) => {
  const forms = different.map(canonicalValue)
  t.equal(new Set(forms).size, forms.length)
})

t.test('equal values have equal canonical forms', async (t) => {
  t.equal(canonicalValue(-0), canonicalValue(0))
  t.equal(canonicalValue({ a: 1, b: [2] }), canonicalValue({ b: [2], a: 1 }))
  t.equal(canonicalValue(new Uint8Array([7, 255])), canonicalValue(new Uint8Array([7, 255])))
  t.equal(canonicalArguments({}), '')
})

t.test('no part of an identity can be mistaken for another', async (t) => {
  const identities = [
    bindingIdentity({ type: 'queue', name: 'a' }, 'b', {}),
    bindingIdentity({ type: 'exchange', name: 'a' }, 'b', {}),
    bindingIdentity({ type: 'queue', name: 'ab' }, '', {}),
    bindingIdentity({ type: 'queue', name: '' }, 'ab', {}),
    bindingIdentity({ type: 'queue', name: 'a1:b' }, '', {}),
    bindingIdentity({ type: 'queue', name: 'a' }, 'b', { c: 1 }),
    bindingIdentity({ type: 'queue', name: 'a' }, 'bm1{1:cn1;}', {})
  ]
  t.equal(new Set(identities).size, identities.length)
})
