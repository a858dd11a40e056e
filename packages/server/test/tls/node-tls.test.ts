// The TLS of a whole node with a scripted member: its listeners, its links, its warnings, and new
// files while it runs.
import { connect as dial } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { HoldfastError } from '@holdfast/errors'
import {
  CertificateAuthority,
  type CertificateFiles,
  replaceFile,
  temporaryDirectory
} from '@holdfast/testkit'
import { dialProbe } from '@holdfast/transport'
import t, { type Test } from 'tap'
import { loadConfiguration, type RawSettings } from '../../src/config.ts'
import { startNode } from '../../src/node-host.ts'
import type { RunningNode } from '../../src/node-parts.ts'
import { NodeTls } from '../../src/tls/node-tls.ts'
import { FakeLog, type FakeParts, fakeParts, until } from '../fakes.ts'
import { needsSix } from '../listeners/six.ts'

interface Scene {
  readonly node: RunningNode
  readonly parts: FakeParts
  readonly log: FakeLog
  readonly authority: CertificateAuthority
  readonly files: CertificateFiles
}

const any = '127.0.0.1:0'

function settingsOf(authority: CertificateAuthority, files: CertificateFiles): RawSettings {
  return {
    ...{ client: any, amqp: any, peer: any, http: any, token: 'secret' },
    ...{ clientTls: true, amqpTls: true, httpTls: true },
    ...{ tlsCertificate: files.certificate, tlsKey: files.key },
    ...{ peerTlsCertificate: files.certificate, peerTlsKey: files.key },
    ...{ tlsAuthority: authority.certificate, peerTlsAuthority: authority.certificate }
  }
}

async function start(t: Test, change: RawSettings = {}): Promise<Scene> {
  const authority = new CertificateAuthority(temporaryDirectory(t, 'node-tls'))
  const files = authority.issue('node')
  const flags = { data: temporaryDirectory(t, 'data'), ...settingsOf(authority, files), ...change }
  const parts = fakeParts()
  const log = new FakeLog()
  const node = await startNode(loadConfiguration({ flags, environment: {} }), parts, log.log)
  t.teardown(() => {
    node.drain()
    return node.ended
  })
  return { node, parts, log, authority, files }
}

const portOf = (address: string): number => Number(address.split(':')[1])

function secured(scene: Scene, change: ConnectionOptions = {}): TLSSocket {
  const port = portOf(scene.node.addresses.client)
  const ca = scene.authority.certificateText
  const socket = connect({ host: '127.0.0.1', port, ca, ...change })
  socket.on('error', () => socket.destroy())
  return socket
}

t.test('clients speak TLS with the client listener', async (t) => {
  const scene = await start(t)
  const client = secured(scene)
  client.write('bytes')
  const { member } = scene.parts
  await until(() => member.of('client-bytes').length === 1)
  t.match(member.of('client-up')[0]?.remote, /^127\.0\.0\.1:\d+$/)
  t.match(member.of('client-bytes')[0]?.bytes, Buffer.from('bytes'))
  client.destroy()
  await until(() => member.of('client-down').length === 1)
})

t.test('at ::1 they speak it, too, and the name stays', needsSix, async (t) => {
  const scene = await start(t, { client: 'localhost:0' })
  t.match(scene.node.addresses.client, /^localhost:[1-9]\d*$/)
  const client = secured(scene, { host: '::1', servername: 'localhost' })
  client.write('bytes')
  const { member } = scene.parts
  await until(() => member.of('client-bytes').length === 1)
  t.match(member.of('client-up')[0]?.remote, /^\[::1\]:\d+$/)
  client.destroy()
  await until(() => member.of('client-down').length === 1)
})

t.test('clients of AMQP speak TLS with theirs, and plain ones are no clients', async (t) => {
  const scene = await start(t)
  const { amqp } = scene.node.addresses
  const { member } = scene.parts
  const plain = dial(portOf(amqp), '127.0.0.1')
  plain.write('AMQP')
  await new Promise((resolve) => plain.once('close', resolve))
  t.match(scene.log.lines.at(-1), { fields: { code: 'TLS_REQUIRED', listener: 'amqp' } })
  t.equal(member.of('client-up').length, 0)
  const client = secured(scene, { port: portOf(amqp) })
  client.write('bytes')
  await until(() => member.of('client-bytes').length === 1)
  t.match(member.of('client-up')[0], { protocol: 'amqp' })
  client.destroy()
  await until(() => member.of('client-down').length === 1)
})

t.test('the name in a certificate comes to the member, from a verified one only', async (t) => {
  const login = { tlsClientCertificates: 'asked', tlsCertificateLogin: 'common-name' }
  const scene = await start(t, login)
  const { amqp } = scene.node.addresses
  const { member } = scene.parts
  const names = (): unknown[] => member.of('client-up').map((input) => input.certificateName)
  const { certificateText: cert, keyText: key } = scene.authority.issue('billing')
  const billing = secured(scene, { port: portOf(amqp), cert, key })
  await until(() => names().length === 1)
  const nobody = secured(scene, { port: portOf(amqp) })
  await until(() => names().length === 2)
  t.same(names(), ['billing', null])
  const stranger = new CertificateAuthority(temporaryDirectory(t, 'strangers')).issue('billing')
  const forged = { cert: stranger.certificateText, key: stranger.keyText }
  const refused = secured(scene, { port: portOf(amqp), ...forged })
  await new Promise((resolve) => refused.once('close', resolve))
  t.match(scene.log.lines.at(-1), { fields: { code: 'CERTIFICATE_REFUSED', listener: 'amqp' } })
  t.equal(names().length, 2)
  for (const socket of [billing, nobody]) socket.destroy()
  await until(() => member.of('client-down').length === 2)
})

t.test('without the setting a certificate has no name', async (t) => {
  const scene = await start(t, { tlsClientCertificates: 'required' })
  const { certificateText: cert, keyText: key } = scene.authority.issue('billing')
  const client = secured(scene, { port: portOf(scene.node.addresses.amqp), cert, key })
  const { member } = scene.parts
  await until(() => member.of('client-up').length === 1)
  t.equal(member.of('client-up')[0]?.certificateName, null)
  client.destroy()
  await until(() => member.of('client-down').length === 1)
})

t.test('a plain client is told, logged, and no client at all', async (t) => {
  const { node, parts, log } = await start(t)
  const client = dial(portOf(node.addresses.client), '127.0.0.1')
  let answer = ''
  client.on('data', (chunk) => {
    answer += chunk.toString()
  })
  client.write('hello')
  await new Promise((resolve) => client.once('close', resolve))
  t.equal(answer, 'TLS_REQUIRED')
  t.match(log.lines.at(-1), {
    message: 'a connection got nowhere',
    fields: { code: 'TLS_REQUIRED', listener: 'client' }
  })
  t.equal(parts.member.of('client-up').length, 0)
})

t.test('nodes meet by mutual TLS', async (t) => {
  const { node, authority, files } = await start(t)
  const hello = {
    ...{ clusterId: null, node: null, incarnation: null, storeId: 's', processEpoch: 1 },
    ...{ client: '', peer: '', http: '' }
  }
  const ask = { address: node.addresses.peer, token: 'secret', timeoutMs: 20_000, hello }
  const flags = { data: '/d', ...settingsOf(authority, files) }
  const tls = await NodeTls.open(loadConfiguration({ flags, environment: {} }), new FakeLog().log)
  t.teardown(() => tls.close())
  const { amqp: _, ...told } = node.addresses
  t.match(await dialProbe({ ...ask, tls: tls.peers }), told)
  await t.rejects(dialProbe({ ...ask, tls: null }), { code: 'TLS_REQUIRED' })
  t.same(
    tls.certificates.map(({ use }) => use),
    ['clients', 'peers']
  )
})

t.test('new files are used without a restart, broken ones are warned of', async (t) => {
  const scene = await start(t)
  const { node, authority, files, log } = scene
  const first = secured(scene)
  await new Promise((resolve) => first.once('secureConnect', resolve))
  const renewed = authority.issue('renewed')
  replaceFile(files.certificate, renewed.certificate)
  replaceFile(files.key, renewed.key)
  t.ok(node.reloadTls())
  const news = (): number =>
    log.lines.filter(({ message }) => message.startsWith('new TLS files')).length
  await until(() => news() === 2)
  const second = secured(scene)
  await new Promise((resolve) => second.once('secureConnect', resolve))
  t.equal(second.getPeerCertificate().subject.CN, 'renewed')
  t.notOk(first.destroyed, 'who is connected stays')
  t.same(node.status().warnings, [])
  replaceFile(files.key, files.certificate)
  node.reloadTls()
  await until(() => node.status().warnings.length === 2)
  t.match(node.status().warnings, [/for clients are not used/, /for peers are not used/])
  const third = secured(scene)
  await new Promise((resolve) => third.once('secureConnect', resolve))
  for (const socket of [first, second, third]) socket.destroy()
})

t.test(
  'a node without TLS has nothing to reload, and one with bad files does not start',
  async (t) => {
    const none = { clientTls: false, amqpTls: false, httpTls: false, tlsCertificate: '' }
    const noPeers = { peerTlsCertificate: '', peerTlsKey: '', peerTlsAuthority: '' }
    const { node } = await start(t, { ...none, ...noPeers })
    t.notOk(node.reloadTls())
    await t.rejects(start(t, { tlsKey: '/no/such/key' }), {
      code: 'TLS_FILE_INVALID',
      details: { setting: 'tlsKey', path: '/no/such/key' }
    })
  }
)

t.test('refusals are told once a second, with how many were not', async (t) => {
  const log = new FakeLog()
  const tls = await NodeTls.open(
    loadConfiguration({ flags: { data: '/d' }, environment: {} }),
    log.log
  )
  t.teardown(() => tls.close())
  t.equal(tls.peers, null)
  const { secure, refused } = tls.listener('http', () => new Uint8Array(0))
  t.equal(secure, null)
  const refuse = (): void => refused('somebody', new HoldfastError('TLS_REQUIRED', {}))
  for (let count = 0; count < 5; count++) refuse()
  t.match(log.lines, [{ fields: { listener: 'http', remote: 'somebody', untold: 0 } }])
  await until(() => {
    refuse()
    return log.lines.length === 2
  })
  t.ok(Number(log.lines[1]?.fields['untold']) >= 4)
})

t.test('a client that does not read is dropped at its bound, by TLS as without', async (t) => {
  const scene = await start(t, { clientBufferBytesMax: 18 * 1024 * 1024 })
  const { parts, log } = scene
  const { answer } = parts.member
  parts.member.answer = (input) => {
    if (input.type !== 'client-bytes') return answer(input)
    const chunks = [Buffer.alloc(2 ** 20)]
    return [{ type: 'client-send', connection: input.connection, chunks, after: null }]
  }
  const client = secured(scene)
  client.pause()
  let isGone = false
  client.once('close', () => {
    isGone = true
  })
  await until(() => {
    client.write('more')
    return log.has('a client was too slow')
  })
  client.resume()
  await until(() => isGone)
})
