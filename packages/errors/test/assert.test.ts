// Assertions: they say what should have been true, and narrow types.
import t from 'tap'
import { AssertionError, assert, unreachable } from '../src/assert.ts'

t.test('a true condition passes and narrows', async (t) => {
  const value: string | null = Math.max(1, 2) > 1 ? 'text' : null
  assert(value !== null, 'there is text')
  t.equal(value.length, 4)
})

t.test('a false one throws the sentence', async (t) => {
  t.throws(() => assert(false, 'two is two'), { name: 'AssertionError', message: 'two is two' })
  t.throws(() => assert(false, 'x'), AssertionError)
})

t.test('the end of an exhaustive switch is never reached', async (t) => {
  t.throws(() => unreachable('x' as never), { name: 'AssertionError', message: /"x"/ })
})
