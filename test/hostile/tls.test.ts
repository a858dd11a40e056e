// Ports that speak TLS, and those who do not mean it: crowds that begin a handshake and never end
// it, plain clients, strangers without a certificate, garbage. Beside them a healthy client is
// served as if nothing were.
import { readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import {
  CertificateAuthority,
  eventually,
  Random,
  type SdkTls,
  temporaryDirectory
} from '@holdfast/testkit'
import t, { type Test } from 'tap'
import { startTarget, type Target } from './healthy-client.ts'

t.setTimeout(280_000)

interface Scene extends Target {
  readonly authority: CertificateAuthority
  readonly tls: SdkTls
}

async function sceneOf(t: Test): Promise<Scene> {
  const authority = new CertificateAuthority(temporaryDirectory(t, 'hostile-tls'))
  const node = authority.issue('node')
  const own = authority.issue('healthy')
  const tls = { ca: authority.certificateText, cert: own.certificateText, key: own.keyText }
  const environment = {
    HOLDFAST_CLIENT_TLS: 'true',
    HOLDFAST_TLS_CERTIFICATE: node.certificate,
    HOLDFAST_TLS_KEY: node.key,
    HOLDFAST_TLS_AUTHORITY: authority.certificate,
    HOLDFAST_TLS_CLIENT_CERTIFICATES: 'required',
    HOLDFAST_PEER_TLS_CERTIFICATE: node.certificate,
    HOLDFAST_PEER_TLS_KEY: node.key,
    HOLDFAST_PEER_TLS_AUTHORITY: authority.certificate
  }
  return { ...(await startTarget(t, environment, tls)), authority, tls }
}

/** The first message of a TLS client. */
async function clientHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.once('data', (bytes: Buffer) => {
        resolve(bytes)
        socket.destroy()
        server.close()
      })
    })
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' ? (address?.port ?? 0) : 0
      const client = connectTls({ port, host: '127.0.0.1' })
      client.on('error', () => client.destroy())
    })
  })
}

/** Says something, and goes on reading. */
function stranger(address: string, bytes: Uint8Array | null): Socket {
  const [host = '', port = ''] = address.split(':')
  const socket = connect(Number(port), host)
  socket.on('error', () => socket.destroy())
  socket.resume()
  if (bytes !== null) socket.write(bytes)
  return socket
}

t.test('ten thousand handshakes that never end are bounded, and keep nobody out', async (t) => {
  const scene = await sceneOf(t)
  const hello = await clientHello()
  const beginnings = [null, hello.subarray(0, 100), hello]
  const crowd: Socket[] = []
  const waves = 50
  for (let wave = 0; wave < waves; wave++) {
    const { client, peer } = scene.node
    for (let place = 0; place < 200; place++) {
      const beginning = beginnings[place % beginnings.length] ?? null
      crowd.push(stranger(place % 2 === 0 ? client : peer, beginning))
    }
    // A client that means it gets in among them, each time.
    const [host = '', port = ''] = client.split(':')
    const good = connectTls({ host, port: Number(port), ...scene.tls })
    await new Promise((resolve, reject) => {
      good.once('secureConnect', resolve)
      good.once('error', reject)
    })
    good.destroy()
  }
  t.equal(crowd.length, 10_000)
  const open = (): number => crowd.filter(({ destroyed }) => !destroyed).length
  // At most 1,024 at the client port and 128 at the peer port, and none for longer than 10 s.
  await eventually('room', () => open() <= 1_152, { timeoutMs: 30_000 })
  await eventually('the end of all', () => open() === 0, { timeoutMs: 30_000 })
  await scene.judge(t)
})

t.test(
  'plain clients, strangers, old versions and garbage are told, logged and closed',
  async (t) => {
    const scene = await sceneOf(t)
    const { node, authority } = scene
    const random = new Random(5)
    const hello = await clientHello()
    const said = [
      Buffer.from('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'),
      Buffer.from('AMQP\u0000\u0000\u0009\u0001', 'latin1'),
      Buffer.alloc(100_000),
      Buffer.alloc(100_000, 0x16),
      ...Array.from({ length: 40 }, () => {
        const bytes = Buffer.from(hello)
        for (let flip = 0; flip < 5; flip++) {
          bytes[random.integer(1, bytes.length - 1)] = random.integer(0, 255)
        }
        return bytes
      })
    ]
    const sockets = [node.client, node.peer].flatMap((address) =>
      said.map((bytes) => stranger(address, bytes))
    )
    for (const address of [node.client, node.peer]) {
      const [host = '', port = ''] = address.split(':')
      const other = new CertificateAuthority(temporaryDirectory(t, 'other'), 'other').issue('thief')
      const shown = [{}, { cert: other.certificateText, key: other.keyText }]
      for (const own of shown) {
        const ca = authority.certificateText
        const socket = connectTls({ host, port: Number(port), ca, ...own })
        socket.on('error', () => socket.destroy())
        socket.resume()
        sockets.push(socket)
      }
    }
    await eventually('all ends', () => sockets.every(({ destroyed }) => destroyed), {
      timeoutMs: 30_000
    })
    // Lines are written in the background, and the last may come after the end of its socket.
    for (const line of [
      /this port speaks TLS only/,
      /client is not accepted: none was given.*a peer handshake failed/
    ]) {
      await eventually(`${line} in the log`, () =>
        line.test(readFileSync(`${node.data}.log`, 'utf8'))
      )
    }
    await scene.judge(t)
  }
)

t.test('TLS at plain ports is told in the log, and closed', async (t) => {
  const target = await startTarget(t)
  const hello = await clientHello()
  const { client, peer, http, data } = target.node
  const sockets = [client, peer, http].map((address) => stranger(address, hello))
  await eventually('all ends', () => sockets.every(({ destroyed }) => destroyed))
  // The log is written by another process than the one that closed them.
  await eventually('three lines of the log', () => {
    const lines = readFileSync(`${data}.log`, 'utf8').split('\n')
    return lines.filter((line) => line.includes('speaks no TLS')).length === 3
  })
  await target.judge(t)
})
