// The names in real certificates, as RabbitMQ writes them.
import { X509Certificate } from 'node:crypto'
import { Socket } from 'node:net'
import { type ConnectionOptions, connect, createServer, type TLSSocket } from 'node:tls'
import { CertificateAuthority, temporaryDirectory } from '@holdfast/testkit'
import t, { type Test } from 'tap'
import {
  type CertificateLogin,
  certificateNameOf,
  distinguishedName
} from '../../src/tls/certificate-name.ts'

t.test('a distinguished name begins with its last part, and is escaped', async (t) => {
  const authority = new CertificateAuthority(temporaryDirectory(t, 'names'))
  const cases = [
    ['/C=DE/O=Acme/CN=billing', 'CN=billing,O=Acme,C=DE'],
    ['/CN=x+emailAddress=a@b.example/O=Acme', 'O=Acme,EMAILADDRESS=a@b.example+CN=x'],
    ['/O=Acme, "Inc\\+" \\\\1/CN=a=b', 'CN=a=b,O=Acme\\, \\"Inc\\+\\" \\\\1'],
    ['/CN=Jörg ~', 'CN=J\\C3\\B6rg \\7E'],
    ['/CN= #x\n\\+y\\+ z ', 'CN=\\ #x\\0A\\+y\\+ z\\ '],
    ['/GN=Ann/SN=Smith/UID=7/DC=example', 'DC=example,UID=7,SN=Smith,GIVENNAME=Ann']
  ] as const
  for (const [subject, expected] of cases) {
    const { certificateText } = authority.issue('client', { subject })
    const name = distinguishedName(new X509Certificate(certificateText).subject)
    if (subject.includes('+emailAddress')) {
      // The parts of one relative name have an order of their own in a certificate.
      const parts = (text: string | null) => text?.split(/[,+]/).sort()
      t.same(parts(name), parts(expected))
    } else t.equal(name, expected)
  }
  t.equal(distinguishedName(''), null)
})

interface Scene {
  /** The name of a client that connects with these options, whatever its certificate is worth. */
  nameOf(by: CertificateLogin, options: ConnectionOptions): Promise<string | null>
  readonly authority: CertificateAuthority
}

/** A server that lets everybody in, whatever certificate they show. */
async function listen(t: Test): Promise<Scene> {
  const authority = new CertificateAuthority(temporaryDirectory(t, 'names'))
  const { certificateText: cert, keyText: key } = authority.issue('node')
  const ca = authority.certificateText
  const server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: false })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const bound = server.address()
  const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0
  const nameOf: Scene['nameOf'] = async (by, options) => {
    const accepted = new Promise<TLSSocket>((resolve) => server.once('secureConnection', resolve))
    const client = connect({ host: '127.0.0.1', port, ca, ...options })
    const socket = await accepted
    const name = certificateNameOf(socket, by)
    client.destroy()
    socket.destroy()
    return name
  }
  return { nameOf, authority }
}

t.test('only a certificate that was verified has a name', async (t) => {
  const { nameOf, authority } = await listen(t)
  const own = ({ certificateText: cert, keyText: key }: ReturnType<typeof authority.issue>) => {
    return { cert, key }
  }
  const good = own(authority.issue('billing', { subject: '/O=Acme/CN=billing' }))
  t.equal(await nameOf('distinguished-name', good), 'CN=billing,O=Acme')
  t.equal(await nameOf('common-name', good), 'billing')
  t.equal(await nameOf('none', good), null)
  t.equal(await nameOf('common-name', {}), null, 'none was shown')
  const stranger = new CertificateAuthority(temporaryDirectory(t, 'strangers'))
  t.equal(await nameOf('common-name', own(stranger.issue('billing'))), null)
  const expired = own(authority.issue('late', { days: -1 }))
  t.equal(await nameOf('common-name', expired), null)
  const nameless = own(authority.issue('nameless', { subject: '/O=Acme' }))
  t.equal(await nameOf('common-name', nameless), null)
  t.equal(await nameOf('distinguished-name', nameless), 'O=Acme')
  const two = own(authority.issue('two', { subject: '/CN=a/CN=b' }))
  t.equal(await nameOf('common-name', two), null, 'neither of two')
  t.equal(certificateNameOf(new Socket(), 'common-name'), null, 'a plain socket')
})
