// Links between endpoints by mutual TLS: who is let in, what is told of who is not, rotation, and
// somebody in the middle.
import { createServer, connect as dial } from 'node:net'
import { connect } from 'node:tls'
import {
  CertificateAuthority,
  type CertificateFiles,
  eventually,
  type Teardown,
  temporaryDirectory
} from '@holdfast/testkit'
import t from 'tap'
import { parseAddress } from '../src/address.ts'
import { dialProbe } from '../src/dial.ts'
import { secureServer } from '../src/tls-gate.ts'
import type { TlsSource } from '../src/tls-source.ts'
import { Endpoint, fast, helloOf, linked } from './harness.ts'
import { ChangingSource } from './tls-source.ts'

type Cleanup = Teardown & { teardown(end: () => Promise<void>): void }

async function endpoint(t: Cleanup, node: number, tls: TlsSource | null): Promise<Endpoint> {
  const made = await new Endpoint(helloOf(node), { timing: fast, tls }).listen()
  t.teardown(() => made.transport.close())
  return made
}

function authorityOf(t: Teardown, name = 'authority'): CertificateAuthority {
  return new CertificateAuthority(temporaryDirectory(t, 'peer-tls'), name)
}

function sourceOf(authority: CertificateAuthority, files: CertificateFiles): ChangingSource {
  return new ChangingSource(files, authority)
}

/** The first node dials the second and is not let in; resolves with what each of them logs. */
async function refused(one: Endpoint, two: Endpoint): Promise<{ dialler: string; other: string }> {
  one.transport.setPeers([{ node: 2, address: two.address }])
  const said = (endpoint: Endpoint, what: string): string | undefined =>
    endpoint.logs.find((line) => line.startsWith(what))
  await eventually('a failure', () => said(one, 'no link to a peer') !== undefined)
  return {
    dialler: said(one, 'no link to a peer') ?? '',
    other: said(two, 'a peer handshake failed') ?? ''
  }
}

t.test('frames travel by mutual TLS, and links stay when certificates change', async (t) => {
  const authority = authorityOf(t)
  const first = sourceOf(authority, authority.issue('one'))
  const second = sourceOf(authority, authority.issue('two'))
  const one = await endpoint(t, 1, first)
  const two = await endpoint(t, 2, second)
  await linked(one, two)
  one.transport.send(2, 'raft', [Buffer.alloc(3_000_000, 7)])
  one.transport.flush()
  const frame = await two.of('peer-frame')
  t.equal(frame.bytes.length, 3_000_000)
  const renewed = authorityOf(t, 'renewed')
  first.change(renewed.issue('one'), renewed)
  second.change(renewed.issue('two'), renewed)
  const from = two.inputs.length
  one.transport.send(2, 'raft', [Buffer.from('still')])
  one.transport.flush()
  t.same(Buffer.from((await two.of('peer-frame', from)).bytes), Buffer.from('still'))
  two.transport.setPeers([{ node: 1, address: one.address }])
  await two.outgoing('raft')
  t.equal(one.count('peer-down') + two.count('peer-down'), 0)
})

t.test('a certificate of another authority, an expired one, none: no link', async (t) => {
  const authority = authorityOf(t)
  const two = await endpoint(t, 2, sourceOf(authority, authority.issue('two')))
  const other = authorityOf(t, 'other')
  const cases: [CertificateFiles, RegExp][] = [
    [other.issue('one'), /certificate of the client is not accepted: \w+/],
    [authority.issue('late', { days: -1 }), /not accepted: CERT_HAS_EXPIRED/],
    [authority.issue('web', { usage: 'serverAuth' }), /not accepted: INVALID_PURPOSE/]
  ]
  for (const [files, said] of cases) {
    two.logs.length = 0
    const one = await endpoint(t, 1, sourceOf(authority, files))
    const { dialler, other: accepting } = await refused(one, two)
    t.match(dialler, said, 'the dialler is told')
    t.match(accepting, said)
    // It would dial on, and be taken for the next one.
    await one.transport.close()
  }
  const { host, port } = parseAddress(two.address)
  const bare = connect({ host, port, ca: authority.certificateText })
  bare.on('error', () => bare.destroy())
  let answer = ''
  bare.on('data', (chunk) => {
    answer += chunk.toString('latin1')
  })
  await new Promise((resolve) => bare.once('close', resolve))
  t.match(answer, /CERTIFICATE_REFUSED.*none was given/)
  t.equal(two.count('peer-up'), 0)
})

t.test('a node whose certificate is expired, of others, or of another name, is left', async (t) => {
  const authority = authorityOf(t)
  const mine = sourceOf(authority, authority.issue('one'))
  const other = authorityOf(t, 'other')
  const cases: [CertificateFiles, CertificateAuthority, RegExp][] = [
    [other.issue('two'), authority, /self-signed|unable to/],
    [authority.issue('late', { days: -1 }), authority, /certificate has expired/],
    [authority.issue('else', { names: 'DNS:other.example' }), authority, /does not match/],
    [
      authority.issue('client', { usage: 'clientAuth' }),
      authority,
      /unsuitable certificate purpose/
    ]
  ]
  for (const [files, trusted, said] of cases) {
    const two = await endpoint(t, 2, sourceOf(trusted, files))
    const one = await endpoint(t, 1, mine)
    t.match((await refused(one, two)).dialler, said)
    t.equal(two.count('peer-up'), 0)
    const ask = { address: two.address, hello: helloOf(1), token: 'secret', timeoutMs: 1000 }
    await t.rejects(dialProbe({ ...ask, tls: mine }), said, 'nor is it asked who it is')
  }
})

t.test('TLS on one side only is told clearly', async (t) => {
  const authority = authorityOf(t)
  const secure = sourceOf(authority, authority.issue('node'))
  const plainDials = await refused(await endpoint(t, 1, null), await endpoint(t, 2, secure))
  t.match(plainDials.dialler, /this port speaks TLS only/)
  t.match(plainDials.other, /this port speaks TLS only/)
  const plainTwo = await endpoint(t, 2, null)
  await refused(await endpoint(t, 1, secure), plainTwo)
  await eventually('a word', () => plainTwo.logs.some((line) => /speaks no TLS/.test(line)))
})

t.test('whoever stands in the middle cannot hand a proof on', async (t) => {
  const authority = authorityOf(t)
  const source = sourceOf(authority, authority.issue('node'))
  const two = await endpoint(t, 2, source)
  const { port } = parseAddress(two.address)
  // It has a certificate of the authority, and speaks TLS with both.
  const middle = createServer((from) => {
    const { certificate: cert, key } = source.material
    const to = connect({ host: '127.0.0.1', port, ca: authority.certificateText, cert, key })
    for (const side of [from, to]) side.on('error', () => side.destroy())
    from.pipe(to).pipe(from)
  })
  const end = secureServer(middle, {
    source,
    clientCertificates: 'required',
    minVersion: 'TLSv1.3',
    refused: (_, error) => t.fail(error.message)
  })
  await new Promise<void>((resolve) => middle.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    end()
    middle.close()
  })
  const bound = middle.address()
  const one = await endpoint(t, 1, source)
  const address = `127.0.0.1:${typeof bound === 'object' ? bound?.port : 0}`
  one.transport.setPeers([{ node: 2, address }])
  await eventually('a failure', () => one.logs.some((line) => /join token/.test(line)))
  t.equal(one.count('peer-up') + two.count('peer-up'), 0)
})

t.test('many who never finish their handshake do not keep a peer out', async (t) => {
  const authority = authorityOf(t)
  const source = sourceOf(authority, authority.issue('node'))
  const two = await endpoint(t, 2, source)
  const { host, port } = parseAddress(two.address)
  const crowd = Array.from({ length: 400 }, () => {
    const socket = dial({ host, port })
    socket.on('error', () => socket.destroy())
    socket.write(Uint8Array.of(0x16, 3, 1))
    return socket
  })
  t.teardown(() => {
    for (const socket of crowd) socket.destroy()
  })
  const one = await endpoint(t, 1, source)
  await linked(one, two)
  t.ok(two.count('peer-up') >= 1)
})
