// The loader finds `connect`, and says what it did not find.
import t from 'tap'
import { codeOf, loadSdk } from '../src/sdk.ts'

t.test('loads a module that exports connect', async (t) => {
  t.type(await loadSdk('data:text/javascript,export function connect() {}'), 'function')
  await t.rejects(loadSdk('data:text/javascript,export const other = 1'), /exports no connect/)
})

t.test('codes of errors', async (t) => {
  t.equal(codeOf(Object.assign(new Error('x'), { code: 'QUEUE_NOT_FOUND' })), 'QUEUE_NOT_FOUND')
  t.equal(codeOf(new RangeError('x')), 'RangeError: x')
  t.equal(codeOf('x'), 'x')
})
