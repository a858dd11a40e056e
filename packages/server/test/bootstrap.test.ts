// What the seeds say to a node that is to begin a cluster: nobody is there, or somebody is who may
// be a member of one.
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { CertificateAuthority, temporaryDirectory } from '@holdfast/testkit'
import t, { type Test } from 'tap'
import { type BootstrapQuestion, shouldBootstrap } from '../src/bootstrap.ts'

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** As a node of another version refuses (transport/src/handshake-codec.ts). */
function refusal(): Buffer {
  const code = text('VERSION_UNSUPPORTED')
  const body = Buffer.concat([Buffer.from('HOLDFAST\0'), code, text('version 2 is not supported')])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length)
  return Buffer.concat([length, body])
}

function question(seed: string, change: Partial<BootstrapQuestion> = {}): BootstrapQuestion {
  return {
    isWanted: true,
    directory: '/d',
    identity: null,
    seeds: ['127.0.0.1:1', seed],
    hello: {
      ...{ clusterId: null, node: null, incarnation: null, storeId: 's', processEpoch: 1 },
      ...{ client: '', peer: '127.0.0.1:2', http: '' }
    },
    token: 'secret',
    tls: null,
    ...change
  }
}

/** The address of somebody who takes connections. */
async function somebody(t: Test, accept: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    accept(socket)
  }).listen(0, '127.0.0.1')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  await new Promise((resolve) => server.once('listening', resolve))
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('where nobody is, a cluster may begin', async (t) => {
  t.equal(await shouldBootstrap(question('127.0.0.1:1')), true)
  t.equal(await shouldBootstrap(question('nowhere.invalid:7673')), true)
  t.equal(await shouldBootstrap(question('127.0.0.1:1', { isWanted: false })), false)
})

t.test('who refuses, or breaks off, may be a member', async (t) => {
  const older = await somebody(t, (socket) => socket.end(refusal()))
  await t.rejects(shouldBootstrap(question(older)), {
    code: 'BOOTSTRAP_REFUSED',
    message: /version 2 is not supported/
  })
  const ending = await somebody(t, (socket) => socket.end())
  await t.rejects(shouldBootstrap(question(ending)), { code: 'BOOTSTRAP_REFUSED' })
  const identity = { clusterId: 'a'.repeat(32), node: 1, incarnation: 1 }
  t.equal(await shouldBootstrap(question(older, { identity })), false, 'a member just starts')
})

t.test('who says nothing may be a member that is slow', async (t) => {
  const silent = await somebody(t, () => undefined)
  await t.rejects(shouldBootstrap(question(silent)), {
    code: 'BOOTSTRAP_REFUSED',
    message: /took longer/
  })
})

t.test('who shows a foreign certificate may be a member', async (t) => {
  const directory = temporaryDirectory(t, 'bootstrap')
  const own = new CertificateAuthority(directory)
  const foreign = new CertificateAuthority(temporaryDirectory(t, 'foreign'))
  const { certificateText: certificate, keyText: key } = own.issue('node')
  const theirs = foreign.issue('node')
  const server = createTlsServer({ cert: theirs.certificateText, key: theirs.keyText })
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const seed = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const material = { certificate, key, authority: own.certificateText }
  const tls = { material, watch: () => () => undefined }
  await t.rejects(shouldBootstrap(question(seed, { tls })), {
    code: 'BOOTSTRAP_REFUSED',
    message: /certificate/
  })
})
