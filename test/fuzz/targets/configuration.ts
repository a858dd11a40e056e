// Configuration files: settings, or a coded error.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as config from '../../../packages/server/src/config.ts'
import { internal } from '../internal.ts'
import { must, refusedOr, type Target } from '../target.ts'

const { loadConfiguration } = await internal<typeof config>('server', 'config')

/** In memory where there is such a place: a disk is slow, and others use it. */
const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
const directory = mkdtempSync(join(place, 'holdfast-fuzz-'))
process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
const path = join(directory, 'config.json')

const isLoopback = (address: string): boolean => /^(?:127\.|localhost|\[::1\])/i.test(address)

function run(input: Uint8Array): void {
  writeFileSync(path, input)
  const settings = refusedOr(() => loadConfiguration({ flags: { config: path }, environment: {} }))
  if (settings === null) return
  must(Object.isFrozen(settings), 'settings are frozen')
  const { client, amqp, peer, http, clientTls, amqpTls, httpTls, token } = settings
  const isPeerOpen = settings.peerTlsCertificate !== '' && settings.peerTlsAuthority !== ''
  must(clientTls || isLoopback(client), 'clients come by loopback, or by TLS')
  must(amqpTls || isLoopback(amqp), 'so do those of AMQP')
  must(httpTls || isLoopback(http), 'callers come by loopback, or by TLS')
  must(isPeerOpen || isLoopback(peer), 'nodes come by loopback, or are known')
  must(token !== '' || isLoopback(peer), 'from elsewhere they prove the join token')
}

const files = [
  '{}',
  '{"data":"/tmp/x","client":"127.0.0.1:1","peer":"[::1]:2","http":"localhost:3"}',
  '{"seeds":["127.0.0.1:7","127.0.0.1:8"],"token":"secret","bootstrap":true}',
  '{"connectionsMax":100,"clientBufferBytesMax":1000000,"logLevel":"debug"}',
  '{"connectionsMax":100,"shutdownTimeoutMs":5000}',
  '{"data":"/d","client":"10.0.0.1:1","clientTls":true,"tlsCertificate":"c","tlsKey":"k",' +
    '"tlsAuthority":"a","tlsClientCertificates":"required"}',
  '{"data":"/d","peer":"h.example:1","peerTlsCertificate":"c","peerTlsKey":"k",' +
    '"peerTlsAuthority":"a","token":"t","origins":["https://app.example"]}'
]

const tokens = [
  'data',
  'client',
  'peer',
  'http',
  'seeds',
  'token',
  'bootstrap',
  'connectionsMax',
  'logLevel',
  'shutdownTimeoutMs',
  'clientBufferBytesMax',
  'clientBuffersBytesMax',
  'clientTls',
  'amqpTls',
  'httpTls',
  'tlsCertificate',
  'tlsAuthority',
  'tlsClientCertificates',
  'tlsCertificateLogin',
  'common-name',
  'required',
  'peerTlsCertificate',
  'origins',
  'null',
  'true',
  '[]',
  '{}',
  '1e400',
  '-0',
  '"\\ud800"',
  '__proto__',
  '0.0.0.0:1',
  '127.0.0.1:99999',
  '127.1:1',
  '[::1]:1'
]

export const target: Target = {
  bytesMax: 1024,
  seeds: files.map((file) => Buffer.from(file)),
  tokens: tokens.map((token) => Buffer.from(token)),
  run
}
