// TLS on the command line: what is read, what is refused, and real commands over https.
import { createServer, type Server } from 'node:https'
import { CertificateAuthority, type Teardown, temporaryDirectory } from '@holdfast/testkit'
import t from 'tap'
import { run } from '../src/main.ts'
import { adminClient, tlsOf } from '../src/tls.ts'
import { FakeSurroundings } from './fake-surroundings.ts'
import { ran } from './ran.ts'

async function listen(t: Teardown, server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  return `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
}

t.test('plain without options, and files read with them', async (t) => {
  const authority = new CertificateAuthority(temporaryDirectory(t, 'cli-tls'))
  const own = authority.issue('client')
  t.equal(tlsOf({}), null)
  t.same(tlsOf({ tls: true }), {})
  const ca = authority.certificateText
  t.same(tlsOf({ ca: authority.certificate }), { ca })
  const { certificateText: cert, keyText: key } = own
  const flags = { ca: authority.certificate, cert: own.certificate, key: own.key }
  t.same(tlsOf(flags), { ca, cert, key })
  t.equal(adminClient({ node: 'https://h:1' }).address, 'h:1')
  t.equal(adminClient({ node: 'h:1' }, 'other:2').address, 'other:2')
})

t.test('files that are not there or not PEM, and halves, are refused by option', async (t) => {
  const text = `${t.testdir({ text: 'text' })}/text`
  t.throws(() => tlsOf({ ca: '/no/such/file' }), {
    code: 'OPTION_INVALID',
    details: { option: 'ca' }
  })
  t.throws(() => tlsOf({ ca: text }), { message: /holds nothing in PEM form/ })
  t.throws(() => tlsOf({ cert: text }), { code: 'OPTION_INVALID', details: { option: 'key' } })
  t.throws(() => tlsOf({ key: text }), { code: 'OPTION_INVALID', details: { option: 'cert' } })
  t.match(await ran(['status', '--ca', text]), { code: 1, err: /OPTION_INVALID/ })
})

t.test(
  'status over https: the authority is needed, and so is a certificate if asked',
  async (t) => {
    const authority = new CertificateAuthority(temporaryDirectory(t, 'cli-tls'))
    const { certificateText: cert, keyText: key } = authority.issue('node')
    const ca = authority.certificateText
    const server = createServer({ cert, key, ca, requestCert: true }, (_, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ clusterId: null, nodes: [], groups: [] }))
    })
    const address = await listen(t, server)
    const own = authority.issue('client')
    const shown = ['--cert', own.certificate, '--key', own.key]
    const trusted = ['--ca', authority.certificate]
    for (const node of [address, `https://${address}`, `https://${address}/`]) {
      const { code, out } = await ran(['status', '--node', node, ...trusted, ...shown])
      t.match({ code, out }, { code: 0, out: /belongs to no cluster/ }, node)
    }
    const named = `https://${address.replace('127.0.0.1', 'localhost')}`
    t.match(await ran(['status', '--node', named, ...trusted, ...shown]), { code: 0 })
    t.match(await ran(['status', '--node', `https://${address}`, ...shown]), {
      code: 1,
      err: /NODE_UNREACHABLE/
    })
    t.match(await ran(['status', '--node', address, ...trusted]), { code: 1 })
  }
)

t.test('publish and consume hand TLS to the SDK', async (t) => {
  const authority = new CertificateAuthority(temporaryDirectory(t, 'cli-tls'))
  const surroundings = new FakeSurroundings()
  await run(['publish', 'q', 'x', '--ca', authority.certificate], surroundings)
  t.same(surroundings.tls, { ca: authority.certificateText })
  await run(['consume', 'q'], surroundings)
  t.equal(surroundings.tls, false)
})
