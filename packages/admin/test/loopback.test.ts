// Host and Origin: what means this machine, and what only looks as if it did.
import t from 'tap'
import { isLoopbackHost, requireLoopback, splitAuthority } from '../src/loopback.ts'

const loopback = [
  'localhost',
  'LOCALHOST:7680',
  '127.0.0.1',
  '127.0.0.1:7680',
  '127.255.255.254:1',
  '[::1]',
  '[::1]:7680'
]
const foreign = [
  '',
  'example.com',
  'localhost.example.com',
  '127.0.0.1.example.com',
  '127.0.0.256',
  '127.1',
  '128.0.0.1',
  '0.0.0.0',
  '[::]',
  '[::ffff:127.0.0.1]',
  '::1',
  'localhost:99999',
  'localhost:',
  'localhost:80:80',
  'user@localhost',
  'localhost/',
  'localhost,evil',
  ' localhost'
]

t.test('a loopback Host passes', async (t) => {
  for (const host of loopback) t.doesNotThrow(() => requireLoopback({ host }), host)
})

t.test('any other Host is refused', async (t) => {
  for (const host of foreign) {
    t.throws(() => requireLoopback({ host }), { code: 'ORIGIN_REFUSED' }, host)
  }
  t.throws(() => requireLoopback({}), { code: 'ORIGIN_REFUSED' })
})

t.test('a loopback Origin passes, over http and https', async (t) => {
  for (const authority of loopback) {
    for (const scheme of ['http', 'https']) {
      const origin = `${scheme}://${authority}`
      t.doesNotThrow(() => requireLoopback({ host: 'localhost', origin }), origin)
    }
  }
})

t.test('any other Origin is refused, an opaque one and one of several among them', async (t) => {
  const origins = ['null', '', 'file://', 'ftp://localhost', 'http://evil', 'http://localhost/path']
  for (const authority of foreign) origins.push(`http://${authority}`)
  for (const origin of origins) {
    t.throws(
      () => requireLoopback({ host: 'localhost', origin }),
      { code: 'ORIGIN_REFUSED' },
      origin
    )
  }
  const origin = ['http://localhost', 'http://evil']
  t.throws(() => requireLoopback({ host: 'localhost', origin }), { code: 'ORIGIN_REFUSED' })
})

t.test('a foreign value is quoted up to a bound', async (t) => {
  try {
    requireLoopback({ host: 'a'.repeat(10_000) })
    t.fail('it passed')
  } catch (error) {
    t.equal(String((error as { details: { value: string } }).details.value).length, 256)
  }
})

t.test('an authority is split into host and port', async (t) => {
  t.same(splitAuthority('[::1]:80'), { host: '[::1]', port: 80 })
  t.same(splitAuthority('a.b'), { host: 'a.b', port: null })
  t.equal(splitAuthority('a:65536'), null)
  t.equal(isLoopbackHost('::1'), false)
})
