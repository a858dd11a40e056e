// Replies: what they close, how their text is cut, and what the errors of the catalogue are.
import { HoldfastError } from '@holdfast/errors'
import t from 'tap'
import { AmqpError, replies, replyText } from '../src/replies.ts'

t.test('the scope of a reply is that of the specification', async (t) => {
  const soft = Object.values(replies).filter(({ closes }) => closes === 'channel')
  t.same(
    soft.map(({ code }) => code),
    [311, 312, 313, 403, 404, 405, 406]
  )
  const hard = Object.values(replies).filter(({ closes }) => closes === 'connection')
  t.same(
    hard.map(({ code }) => code),
    [320, 402, 501, 502, 503, 504, 505, 506, 530, 540, 541]
  )
})

t.test('a text has at most 255 bytes, and no part of a character', async (t) => {
  t.equal(replyText('NOT_FOUND', "no queue 'q'"), "NOT_FOUND - no queue 'q'")
  for (let length = 0; length < 300; length++) {
    for (const character of ['x', 'ü', '€', '🐇']) {
      const text = replyText('NOT_FOUND', 'a'.repeat(length) + character.repeat(300))
      const bytes = Buffer.byteLength(text)
      if (bytes > 255 || bytes < 252 || text.includes('�')) {
        t.fail(`${bytes} bytes for ${length} and ${character}`)
      }
    }
  }
  t.equal(replyText('NOT_FOUND', 'a\ud800b'), 'NOT_FOUND - a?b', 'half a character')
})

t.test('errors of the catalogue have the reply of their row', async (t) => {
  const missing = new HoldfastError('QUEUE_NOT_FOUND', { queue: 'q', vhost: '/' })
  const error = AmqpError.fromWire(missing.toWire())
  t.match(error, { reply: 'NOT_FOUND', code: 404, closes: 'channel' })
  t.equal(error.message, "NOT_FOUND - no queue 'q' in vhost '/'")
  t.equal(AmqpError.fromWire({ ...missing.toWire(), code: 'FROM_THE_FUTURE' }).code, 541)
  t.equal(AmqpError.fromWire(new HoldfastError('NODE_NOT_FOUND', { node: 1 }).toWire()).code, 541)
})

t.test('whatever is thrown becomes a reply, and does not leak', async (t) => {
  const own = new AmqpError('NOT_ALLOWED', 'no')
  t.equal(AmqpError.from(own), own)
  const unforeseen = AmqpError.from(new Error('secret'))
  t.equal(unforeseen.code, 541)
  t.notMatch(unforeseen.message, /secret/)
})
