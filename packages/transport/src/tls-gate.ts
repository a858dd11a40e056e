// TLS before a listener: each connection is secured, or refused, before the owner of the server
// sees it. Whoever has not finished its handshake costs little and not for long: nothing is made
// for a connection before its first byte, each has one deadline, and the oldest goes when there are
// too many, so that those who mean it, who need milliseconds, get through a flood of those who do
// not.
import { constants } from 'node:crypto'
import type { Server, Socket } from 'node:net'
import {
  createServer,
  type SecureContextOptions,
  type TLSSocket,
  type Server as TlsServer
} from 'node:tls'
import { HoldfastError } from '@holdfast/errors'
import { formatAddress } from './address.ts'
import { transportLimits } from './limits.ts'
import type { ClientCertificates, TlsSource } from './tls-source.ts'

export interface TlsGateOptions {
  readonly source: TlsSource
  readonly clientCertificates: ClientCertificates
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  readonly handshakeTimeoutMs?: number
  readonly handshakesMax?: number
  /** A connection that got nowhere; for the log. */
  readonly refused: (remote: string, error: HoldfastError) => void
  /** What a client that is refused is told in its protocol, if it can still be told. */
  readonly answer?: (error: HoldfastError) => Uint8Array
}

interface Handshake {
  readonly socket: Socket
  readonly deadline: NodeJS.Timeout
}

const handshakeByte = 0x16
const majorVersionByte = 0x03

/** Whether bytes are the start of TLS: what a client sent that should have spoken plainly. */
export function isClientHello(bytes: Uint8Array): boolean {
  return bytes[0] === handshakeByte && (bytes.length < 2 || bytes[1] === majorVersionByte)
}

function contextOf({
  source,
  clientCertificates,
  minVersion
}: TlsGateOptions): SecureContextOptions {
  const { certificate: cert, key, authority } = source.material
  const own = { cert, key, minVersion, ...(authority === null ? {} : { ca: authority }) }
  if (clientCertificates === 'none') return own
  // What a resumed session is authorized by was verified when it began, and Node.js before 24 says
  // the same of one that began without a certificate. So nothing is resumed: there are no tickets,
  // and no cache to look sessions up in.
  return { ...own, secureOptions: constants.SSL_OP_NO_TICKET }
}

/** Secures every connection of `server` from now on. What it returns ends handshakes under way. */
export function secureServer(server: Server, options: TlsGateOptions): () => void {
  const owners = server.listeners('connection')
  server.removeAllListeners('connection')
  const gate = new TlsGate(options, (socket) => {
    for (const owner of owners) Reflect.apply(owner, server, [socket])
  })
  server.on('connection', (socket: Socket) => gate.take(socket))
  return () => gate.close()
}

class TlsGate {
  readonly #options: TlsGateOptions
  readonly #accepted: (socket: TLSSocket) => void
  readonly #tls: TlsServer
  readonly #unwatch: () => void
  /** By remote address, the oldest first. */
  readonly #handshakes = new Map<string, Handshake>()

  constructor(options: TlsGateOptions, accepted: (socket: TLSSocket) => void) {
    this.#options = options
    this.#accepted = accepted
    const { source, clientCertificates } = options
    // It never listens: it is given connections. Certificates are judged in #secured, where who is
    // refused can be told why.
    this.#tls = createServer({
      ...contextOf(options),
      requestCert: clientCertificates !== 'none',
      rejectUnauthorized: false
    })
    this.#tls.on('secureConnection', (socket) => this.#secured(socket))
    this.#tls.on('tlsClientError', (error, socket) => this.#failed(error, socket))
    this.#unwatch = source.watch(() => this.#tls.setSecureContext(contextOf(options)))
  }

  take(socket: Socket): void {
    const remote = remoteOf(socket)
    const { handshakesMax = transportLimits.tlsHandshakesMax } = this.#options
    if (this.#handshakes.size >= handshakesMax) {
      const [oldest = ''] = this.#handshakes.keys()
      this.#giveUp(oldest, 'too many others are in their handshake')
    }
    const limitMs = this.#options.handshakeTimeoutMs ?? transportLimits.tlsHandshakeTimeoutMs
    const deadline = setTimeout(() => this.#giveUp(remote, `it took over ${limitMs} ms`), limitMs)
    this.#handshakes.set(remote, { socket, deadline })
    socket.on('error', () => socket.destroy())
    socket.once('close', () => this.#settle(remote, socket))
    this.#readFirst(socket, remote)
  }

  close(): void {
    this.#unwatch()
    for (const [remote, { socket }] of [...this.#handshakes]) {
      this.#settle(remote, socket)
      socket.destroy()
    }
  }

  /** What the first byte is decides; it is put back for TLS. */
  #readFirst(socket: Socket, remote: string): void {
    const look = (): void => {
      const first = socket.read(1) as Buffer | null
      if (first === null) {
        // Woken without a byte: the other side has ended, or the byte is still to come.
        if (socket.readableEnded || socket.destroyed) socket.destroy()
        else socket.once('readable', look)
        return
      }
      socket.unshift(first)
      if (first[0] === handshakeByte) this.#tls.emit('connection', socket)
      else this.#refuse(socket, remote, new HoldfastError('TLS_REQUIRED', {}))
    }
    socket.once('readable', look)
    socket.once('end', () => {
      if (this.#handshakes.get(remote)?.socket === socket) socket.destroy()
    })
  }

  #secured(secured: TLSSocket): void {
    const remote = remoteOf(secured)
    const handshake = this.#handshakes.get(remote)
    if (handshake === undefined) {
      // Given up meanwhile.
      secured.destroy()
      return
    }
    const reason = this.#objection(secured)
    if (reason !== null) {
      this.#refuse(secured, remote, new HoldfastError('CERTIFICATE_REFUSED', { reason }))
      return
    }
    this.#settle(remote, handshake.socket)
    this.#accepted(secured)
  }

  /** What is wrong with the certificate of the other side, or null. */
  #objection(secured: TLSSocket): string | null {
    const { clientCertificates } = this.#options
    if (clientCertificates === 'none') return null
    // Asked first: `authorized` alone says nothing of a certificate that is not there.
    const isGiven = secured.getPeerX509Certificate() !== undefined
    if (!isGiven) return clientCertificates === 'asked' ? null : 'none was given'
    return secured.authorized ? null : String(secured.authorizationError)
  }

  #refuse(socket: Socket, remote: string, error: HoldfastError): void {
    const handshake = this.#handshakes.get(remote)
    if (handshake !== undefined) this.#settle(remote, handshake.socket)
    this.#options.refused(remote, error)
    socket.on('error', () => socket.destroy())
    const { answer } = this.#options
    if (answer === undefined) {
      socket.destroy()
      return
    }
    socket.end(answer(error))
    // What it sends is read and dropped, so that the answer is not lost to a reset.
    socket.resume()
    const timer = setTimeout(() => socket.destroy(), transportLimits.tlsRefusalLingerMs)
    timer.unref()
    socket.once('close', () => clearTimeout(timer))
  }

  #failed(error: Error & { readonly reason?: string }, secured: TLSSocket): void {
    const remote = remoteOf(secured)
    const handshake = this.#handshakes.get(remote)
    if (handshake === undefined) return
    this.#settle(remote, handshake.socket)
    const reason = error.reason ?? error.message
    this.#options.refused(remote, new HoldfastError('TLS_HANDSHAKE_FAILED', { reason }))
    handshake.socket.destroy()
  }

  #giveUp(remote: string, reason: string): void {
    const handshake = this.#handshakes.get(remote)
    if (handshake === undefined) return
    this.#settle(remote, handshake.socket)
    this.#options.refused(remote, new HoldfastError('TLS_HANDSHAKE_FAILED', { reason }))
    handshake.socket.destroy()
  }

  #settle(remote: string, socket: Socket): void {
    const handshake = this.#handshakes.get(remote)
    if (handshake?.socket !== socket) return
    clearTimeout(handshake.deadline)
    this.#handshakes.delete(remote)
  }
}

/** The two ends of a connection name it while it lasts. */
function remoteOf(socket: Socket): string {
  return formatAddress(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0)
}
