// Where one property of AMQP stands among the others.
import t from 'tap'
import { foreignFlags, foreignPosition } from '../src/foreign-properties.ts'

const { priority, expiration } = foreignFlags

t.test('what stands before it is passed over', async (t) => {
  t.equal(foreignPosition(Uint8Array.of(0x08, 0, 5), priority), 2)
  t.equal(foreignPosition(Uint8Array.of(0x18, 0, 2, 5), priority), 3)
  const headers = [0, 0, 0, 2, 9, 9]
  t.equal(foreignPosition(Uint8Array.of(0x28, 0, ...headers, 5), priority), 8)
  t.equal(foreignPosition(Uint8Array.of(0x0d, 0, 5, 1, 0x61, 1, 0x37), expiration), 5)
})

t.test('what is cut, or not there, is nowhere', async (t) => {
  t.equal(foreignPosition(Uint8Array.of(), priority), -1)
  t.equal(foreignPosition(Uint8Array.of(0x08), priority), -1)
  t.equal(foreignPosition(Uint8Array.of(0x08, 0), priority), -1)
  t.equal(foreignPosition(Uint8Array.of(0x01, 0, 1, 0x37), priority), -1)
  t.equal(foreignPosition(Uint8Array.of(0x88, 0, 200, 5), priority), -1)
  t.equal(foreignPosition(Uint8Array.of(0x28, 0, 0, 0), priority), -1)
})
