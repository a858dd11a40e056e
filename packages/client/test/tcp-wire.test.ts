// The byte stream by TLS: who is believed, what is told of those who are not.
import { readFileSync } from 'node:fs'
import { createServer as createPlain, type Server } from 'node:net'
import { createServer, type TlsOptions as ServerOptions } from 'node:tls'
import type { HoldfastError } from '@holdfast/errors'
import {
  CertificateAuthority,
  eventually,
  type Teardown,
  temporaryDirectory
} from '@holdfast/testkit'
import t from 'tap'
import { tcpWire } from '../src/tcp-wire.ts'
import type { TlsOptions } from '../src/tls-options.ts'

async function listen(t: Teardown, server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void server.close())
  const address = server.address()
  return `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
}

/** A server that sends back what it gets. */
function echo(t: Teardown, options: ServerOptions): Promise<string> {
  const server = createServer(options, (socket) => {
    socket.on('error', () => socket.destroy())
    socket.pipe(socket)
  })
  return listen(t, server)
}

/** Dials, says hello when it may, and tells what came of it. */
async function exchange(
  address: string,
  tls: TlsOptions | null
): Promise<{ text: string; reason: string | HoldfastError }> {
  let text = ''
  let reason: string | HoldfastError | null = null
  const wire = tcpWire(
    address,
    {
      opened: () => wire.send([Buffer.from('hello, '), Buffer.alloc(100_000, '.')]),
      received: (bytes) => {
        text += Buffer.from(bytes).toString()
        if (text.length === 100_007) wire.end()
      },
      closed: (why) => {
        reason = why
      }
    },
    tls
  )
  const ended = await eventually('the end', () => reason ?? undefined)
  return { text, reason: ended }
}

t.test('bytes go both ways when the certificate fits', async (t) => {
  const authority = new CertificateAuthority(temporaryDirectory(t, 'wire'))
  const { certificateText: cert, keyText: key } = authority.issue('node')
  const address = await echo(t, { cert, key })
  const ca = authority.certificateText
  t.match((await exchange(address, { ca })).text, /^hello, \.+$/)
  t.match((await exchange(address.replace('127.0.0.1', 'localhost'), { ca })).text, /^hello/)
  t.match((await exchange(address, { ca: Buffer.from(ca) })).text, /^hello/)
})

t.test('a certificate that does not fit is named as what it is', async (t) => {
  const authority = new CertificateAuthority(temporaryDirectory(t, 'wire'))
  const ca = authority.certificateText
  const cases: [string, RegExp, TlsOptions][] = [
    [
      authority.issue('other', { names: 'DNS:other.example' }).certificate,
      /does not match/,
      { ca }
    ],
    [authority.issue('late', { days: -1 }).certificate, /expired/, { ca }],
    [authority.issue('node').certificate, /self-signed|unable to/, {}]
  ]
  for (const [path, said, tls] of cases) {
    const cert = readFileSync(path, 'utf8')
    const key = readFileSync(path.replace('.crt', '.key'), 'utf8')
    const { reason, text } = await exchange(await echo(t, { cert, key }), tls)
    t.match(reason, { code: 'TLS_HANDSHAKE_FAILED', message: said })
    t.equal(text, '')
  }
  const { certificateText: cert, keyText: key } = authority.issue('else', {
    names: 'DNS:broker.example'
  })
  const address = await echo(t, { cert, key })
  t.match((await exchange(address, { ca, servername: 'broker.example' })).text, /^hello/)
})

t.test('the certificate of the client is shown to nodes that want one', async (t) => {
  const authority = new CertificateAuthority(temporaryDirectory(t, 'wire'))
  const { certificateText: cert, keyText: key } = authority.issue('node')
  const ca = authority.certificateText
  const address = await echo(t, { cert, key, ca, requestCert: true, rejectUnauthorized: true })
  const client = authority.issue('client')
  const own = { ca, cert: client.certificateText, key: client.keyText }
  t.match((await exchange(address, own)).text, /^hello/)
  t.equal((await exchange(address, { ca })).text, '')
})

t.test('a port that speaks no TLS, or does not answer, is told as that', async (t) => {
  const plain = createPlain((socket) => {
    socket.on('error', () => socket.destroy())
    socket.end('this is not TLS')
  })
  const address = await listen(t, plain)
  t.match((await exchange(address, {})).reason, { code: 'TLS_HANDSHAKE_FAILED' })
  plain.close()
  t.match((await exchange(address, {})).reason, /ECONNREFUSED/)
})
