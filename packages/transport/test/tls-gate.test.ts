// Real TLS clients, plain ones, strangers and those who never finish, at a port behind the gate.
import { createServer, connect as dial, type Server, type Socket } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import {
  CertificateAuthority,
  type CertificateFiles,
  eventually,
  type Teardown,
  temporaryDirectory
} from '@holdfast/testkit'
import t from 'tap'
import { isClientHello, secureServer, type TlsGateOptions } from '../src/tls-gate.ts'
import { ChangingSource } from './tls-source.ts'

interface Scene {
  readonly authority: CertificateAuthority
  readonly files: CertificateFiles
  readonly source: ChangingSource
  readonly server: Server
  readonly port: number
  readonly accepted: Socket[]
  /** `CODE: message` of each refusal. */
  readonly refusals: string[]
  readonly close: () => void
}

/** A server behind the gate that sends back what it gets. */
async function scene(t: Teardown, change: Partial<TlsGateOptions> = {}): Promise<Scene> {
  const authority = new CertificateAuthority(temporaryDirectory(t, 'tls'))
  const files = authority.issue('server')
  const source = new ChangingSource(files, authority)
  const accepted: Socket[] = []
  const refusals: string[] = []
  const server = createServer((socket) => {
    accepted.push(socket)
    socket.on('error', () => socket.destroy())
    socket.pipe(socket)
  })
  const close = secureServer(server, {
    source,
    clientCertificates: 'none',
    minVersion: 'TLSv1.2',
    refused: (_, error) => refusals.push(`${error.code}: ${error.message}`),
    ...change
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  t.teardown(() => {
    close()
    server.close()
    for (const socket of accepted) socket.destroy()
  })
  return { authority, files, source, server, port, accepted, refusals, close }
}

interface Client {
  readonly socket: Socket
  readonly text: () => string
  readonly isClosed: () => boolean
  readonly error: () => string
}

function watched(socket: Socket): Client {
  let text = ''
  let isClosed = false
  let error = ''
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  socket.on('error', (failure: NodeJS.ErrnoException) => {
    error = failure.code ?? failure.message
  })
  socket.on('close', () => {
    isClosed = true
  })
  return { socket, text: () => text, isClosed: () => isClosed, error: () => error }
}

const secured = ({ authority, port }: Scene, change: ConnectionOptions = {}): Client =>
  watched(connect({ host: '127.0.0.1', port, ca: authority.certificateText, ...change }))

const plain = ({ port }: Scene): Client => watched(dial({ host: '127.0.0.1', port }))

t.test('bytes go both ways, by the newest version, and nobody else is let in', async (t) => {
  const one = await scene(t)
  const client = secured(one)
  client.socket.write('hello')
  await eventually('an echo', () => client.text() === 'hello')
  t.equal((client.socket as TLSSocket).getProtocol(), 'TLSv1.3')
  const old = secured(one, { maxVersion: 'TLSv1.2' })
  old.socket.write('old')
  await eventually('an echo', () => old.text() === 'old')
  const ancient = secured(one, {
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0'
  })
  await eventually('a refusal', () => ancient.isClosed() && one.refusals.length === 1)
  t.match(one.refusals[0], /TLS_HANDSHAKE_FAILED: .*protocol/)
  t.equal(one.accepted.length, 2)
  client.socket.destroy()
  old.socket.destroy()
})

t.test('a hello that comes byte by byte is a hello', async (t) => {
  const one = await scene(t)
  const relay = createServer((from) => {
    const to = dial({ host: '127.0.0.1', port: one.port, noDelay: true })
    from.on('data', (chunk) => {
      for (const byte of chunk) to.write(Uint8Array.of(byte))
    })
    to.pipe(from)
    from.on('close', () => to.destroy())
  })
  t.teardown(() => relay.close())
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  const address = relay.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const client = secured({ ...one, port })
  client.socket.write('slowly')
  t.ok(await eventually('an echo', () => client.text() === 'slowly'))
  client.socket.destroy()
})

t.test('a client that speaks plainly is told so in its protocol', async (t) => {
  const one = await scene(t, { answer: (error) => Buffer.from(error.code) })
  const client = plain(one)
  client.socket.write('GET / HTTP/1.1\r\n\r\n')
  await eventually('the end', client.isClosed)
  t.equal(client.text(), 'TLS_REQUIRED')
  t.match(one.refusals, [/^TLS_REQUIRED/])
  t.equal(one.accepted.length, 0)
})

t.test('required: certificates of the authority only, and who has none is told', async (t) => {
  const answer: TlsGateOptions['answer'] = (error) => Buffer.from(error.message)
  const one = await scene(t, { clientCertificates: 'required', answer })
  const other = new CertificateAuthority(temporaryDirectory(t, 'tls'), 'other')
  const own = one.authority.issue('client')
  const cases: [CertificateFiles | null, RegExp][] = [
    [null, /none was given/],
    [other.issue('stranger'), /not accepted: (?:UNABLE_TO|SELF_SIGNED|DEPTH_ZERO)/],
    [one.authority.issue('late', { days: -1 }), /not accepted: CERT_HAS_EXPIRED/],
    [one.authority.issue('server-only', { usage: 'serverAuth' }), /not accepted: INVALID_PURPOSE/]
  ]
  for (const [files, said] of cases) {
    const shown = files === null ? {} : { cert: files.certificateText, key: files.keyText }
    const client = secured(one, shown)
    client.socket.write('let me in')
    await eventually('the end', client.isClosed)
    t.match(client.text(), said)
    t.match(one.refusals.at(-1), /^CERTIFICATE_REFUSED/)
  }
  t.equal(one.accepted.length, 0)
  const client = secured(one, { cert: own.certificateText, key: own.keyText })
  client.socket.write('it is me')
  await eventually('an echo', () => client.text() === 'it is me')
  client.socket.destroy()
})

const versions = ['TLSv1.3', 'TLSv1.2'] as const

t.test('required: nobody comes back by the session of a connection that was refused', async (t) => {
  const one = await scene(t, { clientCertificates: 'required', answer: () => Buffer.from('no') })
  for (const maxVersion of versions) {
    let session: Buffer | undefined
    const client = secured(one, { maxVersion })
    client.socket.on('session', (given: Buffer) => (session = given))
    await eventually('the end', client.isClosed)
    const again = secured(one, { maxVersion, session })
    again.socket.write('let me in')
    await eventually('the end', again.isClosed)
    t.equal(again.text(), 'no', maxVersion)
  }
  t.equal(one.accepted.length, 0)
})

t.test('where certificates are asked for, each handshake is a whole one', async (t) => {
  const one = await scene(t, { clientCertificates: 'asked' })
  const own = one.authority.issue('client')
  const comesTwice = async (maxVersion: (typeof versions)[number]): Promise<void> => {
    let session: Buffer | undefined
    for (const text of ['once', 'again']) {
      const shown = { cert: own.certificateText, key: own.keyText, maxVersion, session }
      const { socket, text: echo } = secured(one, shown)
      socket.on('session', (given: Buffer) => (session = given))
      socket.write(text)
      await eventually('an echo', () => echo() === text)
      t.equal((socket as TLSSocket).isSessionReused(), false, maxVersion)
      t.ok((one.accepted.at(-1) as TLSSocket).getPeerX509Certificate())
      socket.destroy()
    }
  }
  for (const maxVersion of versions) await comesTwice(maxVersion)
  one.source.change(one.files, one.authority)
  for (const maxVersion of versions) await comesTwice(maxVersion)
})

t.test('asked: none is fine, a bad one is not', async (t) => {
  const one = await scene(t, { clientCertificates: 'asked' })
  const client = secured(one)
  client.socket.write('nobody')
  await eventually('an echo', () => client.text() === 'nobody')
  const other = new CertificateAuthority(temporaryDirectory(t, 'tls'), 'other').issue('stranger')
  const stranger = secured(one, { cert: other.certificateText, key: other.keyText })
  await eventually('the end', stranger.isClosed)
  t.match(one.refusals, [/^CERTIFICATE_REFUSED/])
  client.socket.destroy()
})

t.test('new material is for new connections; those that are open stay', async (t) => {
  const one = await scene(t, { clientCertificates: 'required' })
  const own = one.authority.issue('client')
  const shown = { cert: own.certificateText, key: own.keyText }
  const before = secured(one, shown)
  const session = new Promise<Buffer>((resolve) => {
    ;(before.socket as TLSSocket).once('session', resolve)
  })
  before.socket.write('1')
  await eventually('an echo', () => before.text() === '1')
  const renewed = new CertificateAuthority(temporaryDirectory(t, 'tls'), 'renewed')
  one.source.change(renewed.issue('server'), renewed)
  const after = secured(one, { ...shown, ca: renewed.certificateText, session: await session })
  await eventually('the end', after.isClosed)
  t.match(one.refusals, [/^CERTIFICATE_REFUSED/], 'not even a session gets round the authority')
  const client = renewed.issue('client')
  const fresh = secured(one, {
    ca: renewed.certificateText,
    cert: client.certificateText,
    key: client.keyText
  })
  fresh.socket.write('2')
  await eventually('an echo', () => fresh.text() === '2')
  before.socket.write('3')
  await eventually('an echo', () => before.text() === '13')
  for (const { socket } of [before, fresh]) socket.destroy()
})

t.test('whoever does not finish has a deadline, whatever it sends', async (t) => {
  const one = await scene(t, { handshakeTimeoutMs: 200 })
  const silent = plain(one)
  const half = plain(one)
  half.socket.write(Buffer.from([0x16, 3, 1, 2, 0]))
  const drip = setInterval(() => half.socket.write(Uint8Array.of(0)), 20)
  t.teardown(() => clearInterval(drip))
  await eventually('both ends', () => silent.isClosed() && half.isClosed())
  t.same(
    one.refusals.map((refusal) => refusal.replace(/: .*: /, ': ')),
    Array(2).fill('TLS_HANDSHAKE_FAILED: it took over 200 ms')
  )
})

t.test('of too many in their handshake the oldest goes, and who means it gets in', async (t) => {
  const one = await scene(t, { handshakesMax: 5 })
  const crowd: Client[] = []
  for (let place = 0; place < 20; place++) {
    const client = plain(one)
    client.socket.write(Buffer.from([0x16, 3, 1, 2, 0]))
    crowd.push(client)
    await eventually('its turn', () => one.refusals.length === Math.max(0, place - 4))
  }
  const client = secured(one)
  client.socket.write('hello')
  await eventually('an echo', () => client.text() === 'hello')
  await eventually('the end of the oldest', () => crowd.slice(0, 16).every((c) => c.isClosed()))
  t.notOk(crowd.slice(16).some((c) => c.isClosed()))
  one.close()
  await eventually('the end of all', () => crowd.every((c) => c.isClosed()))
  t.equal(one.source.watcherCount, 0)
  t.equal(client.isClosed(), false, 'who got in stays')
  client.socket.destroy()
})

t.test('what is not TLS after all, resets and early ends hurt nobody', async (t) => {
  const one = await scene(t)
  const garbage = plain(one)
  garbage.socket.write(Buffer.concat([Buffer.from([0x16, 3, 1, 0, 5]), Buffer.from('hello')]))
  await eventually('the end', garbage.isClosed)
  t.match(one.refusals, [/^TLS_HANDSHAKE_FAILED/])
  const early = plain(one)
  early.socket.end()
  await eventually('the end', early.isClosed)
  const reset = plain(one)
  reset.socket.write(Buffer.from([0x16, 3, 1, 2, 0]))
  await new Promise((resolve) => reset.socket.once('connect', resolve))
  reset.socket.resetAndDestroy()
  const client = secured(one)
  client.socket.write('still here')
  await eventually('an echo', () => client.text() === 'still here')
  client.socket.destroy()
})

t.test('a hello of TLS is known by its first bytes', async (t) => {
  t.ok(isClientHello(Uint8Array.of(0x16, 3, 1)))
  t.ok(isClientHello(Uint8Array.of(0x16)))
  t.notOk(isClientHello(Uint8Array.of(0x16, 4)))
  t.notOk(isClientHello(Buffer.from('GET /')))
  t.notOk(isClientHello(new Uint8Array(0)))
})
