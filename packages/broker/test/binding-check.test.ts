// What a binding may consist of, by itself.
import type { HeaderValue } from '@holdfast/record'
import t from 'tap'
import { checkBinding, checkBindingOf } from '../src/binding-check.ts'
import { metadataLimits } from '../src/limits.ts'

function nested(depth: number): HeaderValue {
  return depth === 0 ? 1 : [nested(depth - 1)]
}

t.test('arguments may be anything that the log can hold, up to their bounds', async (t) => {
  const values: readonly HeaderValue[] = [null, true, -0.5, 1e300, '', new Uint8Array(9), [], {}]
  for (const a of values) t.doesNotThrow(() => checkBinding('', { a }))
  const { argumentsDepthMax, argumentsBytesMax, bindingKeyBytesMax } = metadataLimits
  const invalid = { code: 'BINDING_INVALID' }
  t.doesNotThrow(() => checkBinding('', { a: nested(argumentsDepthMax - 1) }))
  t.throws(() => checkBinding('', { a: nested(argumentsDepthMax) }), invalid)
  t.doesNotThrow(() => checkBinding('', { a: 'x'.repeat(argumentsBytesMax - 6) }))
  t.throws(() => checkBinding('', { a: 'x'.repeat(argumentsBytesMax) }), invalid)
  t.doesNotThrow(() => checkBinding('k'.repeat(bindingKeyBytesMax), {}))
  t.throws(() => checkBinding('k'.repeat(bindingKeyBytesMax + 1), {}), invalid)
  t.throws(() => checkBinding('', { a: '\ud800' }), invalid)
  t.throws(() => checkBinding('', { '\ud800': 1 }), invalid)
  t.throws(() => checkBinding('\udc00', {}), invalid)
  t.throws(() => checkBinding('', { a: (() => 1) as unknown as HeaderValue }), invalid)
})

t.test('only a headers exchange reads x-match', async (t) => {
  t.throws(() => checkBindingOf('headers', { 'x-match': 1 }), { code: 'BINDING_INVALID' })
  for (const kind of ['direct', 'fanout', 'topic'] as const) {
    t.doesNotThrow(() => checkBindingOf(kind, { 'x-match': 1 }))
  }
})
