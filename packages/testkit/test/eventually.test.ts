// Waiting ends with the value, or with an error that says what was waited for and seen last.
import t from 'tap'
import { eventually, WaitError, within } from '../src/eventually.ts'

t.test('returns the first value that counts', async (t) => {
  let looks = 0
  const value = await eventually(
    'three looks',
    () => {
      looks += 1
      if (looks === 1) throw new Error('not there')
      return looks === 3 ? 'there' : false
    },
    { intervalMs: 1 }
  )
  t.equal(value, 'there')
  t.equal(await eventually('zero', async () => 0), 0, 'zero is a value')
})

t.test('fails with what was seen last', async (t) => {
  const look = (): false => {
    throw new Error('still shut')
  }
  const failure = eventually('door', look, { timeoutMs: 20, intervalMs: 1 })
  await t.rejects(failure, { name: 'WaitError', message: /door: not within 20 ms.*still shut/ })
})

t.test('gives up early when there is no hope', async (t) => {
  const options = { timeoutMs: 60_000, giveUp: () => 'process died' }
  await t.rejects(
    eventually('door', () => false, options),
    /door: process died/
  )
})

t.test('bounds a promise', async (t) => {
  t.equal(await within('value', 1_000, Promise.resolve(1)), 1)
  await t.rejects(within('value', 5, new Promise(() => {})), WaitError)
  await t.rejects(within('value', 1_000, Promise.reject(new Error('own'))), /own/)
})
