// The error class: texts are filled, details travel, and nothing unexpected leaks over a border.
import t from 'tap'
import { catalogue, HoldfastError, wireError } from '../src/index.ts'

t.test('a code fixes the row, the text and the details', async (t) => {
  const error = new HoldfastError('QUEUE_NOT_FOUND', { queue: 'q', vhost: '/' })
  t.equal(error.message, "no queue 'q' in vhost '/'")
  t.equal(error.row, catalogue.QUEUE_NOT_FOUND)
  t.equal(error.name, 'HoldfastError')
  t.ok(error instanceof Error)
  t.same(error.toWire(), {
    id: 2101,
    code: 'QUEUE_NOT_FOUND',
    message: error.message,
    details: { queue: 'q', vhost: '/' }
  })
})

t.test('details are what the text names, or it does not compile', async (t) => {
  // @ts-expect-error vhost is missing
  t.match(new HoldfastError('QUEUE_NOT_FOUND', { queue: 'q' }).message, /\{vhost\}/)
  // @ts-expect-error a code that is not in the catalogue
  t.throws(() => new HoldfastError('NO_SUCH_CODE'))
  t.same(new HoldfastError('HANDSHAKE_REQUIRED').details, {})
})

t.test('a detail is put in as it is, and cut where it is long', async (t) => {
  const reason = '$& {reason} $1'
  t.equal(
    new HoldfastError('UNAVAILABLE', { reason }).message,
    `not possible at present: ${reason}`
  )
  const long = new HoldfastError('UNAVAILABLE', { reason: 'a'.repeat(10_000) })
  t.ok(long.message.length < 600)
  t.equal(new HoldfastError('NODE_NOT_FOUND', { node: 0 }).message, 'no node 0')
})

t.test('a border passes coded errors on and hides the rest', async (t) => {
  const coded = new HoldfastError('LAST_NODE', { node: 1 })
  t.equal(HoldfastError.from(coded), coded)
  for (const thrown of [new Error('secret'), 'secret', undefined, null, { code: 'LAST_NODE' }]) {
    const error = HoldfastError.from(thrown)
    t.equal(error.code, 'INTERNAL')
    t.equal(error.cause, thrown)
    t.notMatch(JSON.stringify(error.toWire()), /secret/)
  }
})

t.test('an error survives the wire', async (t) => {
  const error = new HoldfastError('NOT_LEADER', { group: 3, leader: 2 })
  const read = HoldfastError.fromWire(JSON.parse(JSON.stringify(error.toWire())))
  t.same(read.toWire(), error.toWire())
})

t.test('an error that nobody throws crosses the wire alike', async (t) => {
  const details = { group: 3, leader: 2 }
  const thrown = new HoldfastError('NOT_LEADER', details).toWire()
  t.same(wireError('NOT_LEADER', details), thrown)
})

t.test('a code of a newer version becomes INTERNAL, its text kept for people', async (t) => {
  for (const code of ['FROM_THE_FUTURE', 'toString', '__proto__', 'constructor', '']) {
    const error = HoldfastError.fromWire({ id: 1, code, message: 'text', details: {} })
    t.equal(error.code, 'INTERNAL')
    t.match((error.cause as Error).message, /text$/)
  }
})
