// The handshake at the server's end: what a client may say before it is welcome, for how long, and
// how it tells who it is.
import { ServerConnection } from '@holdfast/protocol'
import t from 'tap'
import { frame, hello, Pair, record } from './connection-pair.ts'

t.test(
  'until the welcome a client may be patient or go, and nothing is sent but the end',
  async (t) => {
    for (const bytes of [
      frame(2, 1, 'nodes', {}),
      frame(2, 1, 'purge-queue', { name: '' }),
      frame(3, '', 'q', 0, 1, 1, 1, record),
      frame(4, 1, 1, 0, [1, 1, 1]),
      frame(5, 100)
    ]) {
      const pair = new Pair()
      pair.exchange()
      const events = pair.server.receive(bytes, 0)
      t.match(events, [{ type: 'closed', error: { code: 'FRAME_INVALID' } }])
      pair.exchange()
      t.match(pair.clientEvents, [{ type: 'closed', error: { code: 'FRAME_INVALID' } }])
    }
    const waiting = new Pair()
    waiting.exchange()
    waiting.server.receive(frame(6), 800)
    waiting.server.tick(900)
    t.same(waiting.server.flush(), [], 'not even a heartbeat')
    const large = new Pair()
    large.exchange()
    const tooLarge = large.server.receive(new Uint8Array([0, 0, 0x20, 0, 0x92]), 0)
    t.match(tooLarge, [{ type: 'closed', error: { code: 'FRAME_TOO_LARGE' } }], 'as before a hello')
  }
)

t.test('a welcome that does not come ends the handshake', async (t) => {
  const pair = new Pair()
  pair.exchange()
  pair.server.receive(frame(6), 4900)
  t.same(pair.server.tick(4999), [])
  t.match(pair.server.tick(5000), [{ type: 'closed', error: { code: 'HANDSHAKE_TIMEOUT' } }])
})

t.test('a hello tells user and password, both or neither', async (t) => {
  const heard = (fields: object): object | undefined => {
    const server = new ServerConnection({ nowMs: 0 })
    return server.receive(frame(1, 1, { ...hello, ...fields }), 0)[0]
  }
  t.match(heard({}), { type: 'hello', user: null, password: null })
  t.match(heard({ user: null, password: null }), { type: 'hello', user: null, password: null })
  t.match(heard({ user: 'ann', password: '' }), { type: 'hello', user: 'ann', password: '' })
  for (const [fields, code] of [
    [{ user: 'ann' }, 'CREDENTIALS_REQUIRED'],
    [{ password: 'x' }, 'CREDENTIALS_REQUIRED'],
    [{ user: 'ann', password: 7 }, 'CREDENTIALS_REQUIRED'],
    [{ user: 'ann', password: 'x'.repeat(513) }, 'CREDENTIALS_REQUIRED'],
    [{ user: 7, password: 'x' }, 'NAME_INVALID'],
    [{ user: '', password: 'x' }, 'NAME_INVALID'],
    [{ user: 'x'.repeat(256), password: 'x' }, 'NAME_INVALID']
  ] as const) {
    t.match(heard(fields), { type: 'closed', error: { code } })
  }
})
