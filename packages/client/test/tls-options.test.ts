// What an application may say about TLS, in Node and in browsers.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connect } from '@holdfast/client'
import { CertificateAuthority, temporaryDirectory } from '@holdfast/testkit'
import t from 'tap'
import { checkTlsAddresses, resolveTls } from '../src/tls-options.ts'

const pem = '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'

t.test('off, on, and on with files', async (t) => {
  for (const off of [undefined, null, false]) t.equal(resolveTls(off), null)
  t.same(resolveTls(true), {})
  const all = { ca: pem, cert: Buffer.from(pem), key: pem, servername: 'broker.example' }
  t.equal(resolveTls(all), all)
})

t.test('what makes no sense is refused', async (t) => {
  const cases: [unknown, string][] = [
    ['yes', 'OPTION_INVALID'],
    [{ ca: '/etc/ca.crt' }, 'OPTION_INVALID'],
    [{ cert: pem }, 'OPTION_INVALID'],
    [{ key: pem }, 'OPTION_INVALID'],
    [{ servername: '' }, 'OPTION_INVALID'],
    [{ servername: 5 }, 'OPTION_INVALID'],
    [{ rejectUnauthorized: false }, 'OPTION_UNKNOWN']
  ]
  for (const [tls, code] of cases) t.throws(() => resolveTls(tls), { code }, JSON.stringify(tls))
  t.throws(() => resolveTls({ ca: '/etc/ca.crt' }), { message: /not its path/ })
})

t.test('a plain WebSocket excludes TLS', async (t) => {
  t.throws(() => checkTlsAddresses(['ws://h:1/v1/connect'], {}), { code: 'OPTION_INVALID' })
  t.doesNotThrow(() => checkTlsAddresses(['ws://h:1/v1/connect'], null))
  t.doesNotThrow(() => checkTlsAddresses(['wss://h:1/v1/connect', 'h:2'], {}))
  await t.rejects(connect(['ws://127.0.0.1:1/v1/connect'], { tls: true }), {
    code: 'OPTION_INVALID'
  })
})

t.test('a certificate with a key of another is refused before anything is dialled', async (t) => {
  const authority = new CertificateAuthority(temporaryDirectory(t, 'pairs'))
  const { certificateText: cert } = authority.issue('one')
  const { keyText: key } = authority.issue('other')
  for (const address of ['127.0.0.1:1', 'wss://127.0.0.1:1/v1/connect']) {
    await t.rejects(connect([address], { tls: { cert, key }, connectTimeoutMs: 1 }), {
      code: 'OPTION_INVALID',
      message: /'tls'.*key values mismatch/
    })
  }
})

t.test('a browser takes no options of TLS', async (t) => {
  const root = dirname(fileURLToPath(import.meta.resolve('@holdfast/client/package.json')))
  const browser = await import(join(root, 'dist/src/browser.js'))
  await t.rejects(browser.connect(['wss://127.0.0.1:1/v1/connect'], { tls: true }), {
    code: 'OPTION_INVALID',
    message: /wss/
  })
})
