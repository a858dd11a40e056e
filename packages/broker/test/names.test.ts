// Names: 1 to 255 bytes of UTF-8.
import t from 'tap'
import { checkName, isWellFormed, textFault } from '../src/names.ts'

t.test('255 bytes are a name, 256 and none are not', async (t) => {
  for (const name of [
    'a',
    'x'.repeat(255),
    'ü'.repeat(127),
    '€'.repeat(85),
    '\u{1F600}'.repeat(63)
  ]) {
    t.doesNotThrow(() => checkName('queue', name))
  }
  for (const name of [
    '',
    'x'.repeat(256),
    'ü'.repeat(128),
    '€'.repeat(86),
    '\u{1F600}'.repeat(64)
  ]) {
    t.throws(() => checkName('queue', name), { code: 'NAME_INVALID' })
  }
})

t.test('half a surrogate pair is no text', async (t) => {
  for (const text of [
    '\ud800',
    'a\ud800',
    '\ud800a',
    '\udc00',
    '\udc00\ud800',
    '\ud800\ud800\udc00'
  ]) {
    t.notOk(isWellFormed(text))
    t.throws(() => checkName('vhost', text), { code: 'NAME_INVALID' })
  }
  t.ok(isWellFormed('\ud800\udc00'))
  t.equal(textFault('', 0), null, 'an empty text has room anywhere')
})
