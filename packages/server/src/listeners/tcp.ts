// Clients over TCP, whatever they speak: accepts, caps, and hands bytes on as they come, without
// copying them.
import { createServer, type Server, type Socket } from 'node:net'
import type { ClientProtocol } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { formatAddress, type HostPort, isClientHello } from '@holdfast/transport'
import type { ClientSink, ClientSockets } from '../client-sockets.ts'
import { serverLimits } from '../limits.ts'
import type { ListenerSecurity } from '../tls/node-tls.ts'
import { destroyLater } from './destroy-later.ts'
import { firstHost, listenBeside, toldAddress } from './loopback.ts'

const socketOptions = { noDelay: true, keepAlive: true } as const

export interface TcpListenerOptions {
  readonly sockets: ClientSockets
  readonly protocol: ClientProtocol
  /** Bytes that say why a connection over the cap is refused; it is closed after them. */
  readonly refusal: () => Uint8Array
  readonly security: ListenerSecurity
}

export class TcpListener {
  readonly #options: TcpListenerOptions
  readonly #server: Server
  readonly #endHandshakes: () => void
  #beside: Server | null = null
  #refusedCount = 0

  constructor(options: TcpListenerOptions) {
    this.#options = options
    this.#server = createServer(socketOptions, (socket) => {
      this.#accept(socket)
    })
    this.#endHandshakes = options.security.secure?.(this.#server) ?? (() => undefined)
  }

  /** Resolves with the address that others are told. Rejects with the system's error. */
  async listen({ host, port }: HostPort): Promise<string> {
    const bound = { host, port: await this.#listenFirst({ host: firstHost(host), port }) }
    this.#beside = await listenBeside(this.#server, bound, socketOptions)
    return toldAddress(bound, this.#options.security.secure !== null)
  }

  /** Resolves with the port. */
  #listenFirst({ host, port }: HostPort): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject)
        // An accept that fails (EMFILE) must not end the process; the client will dial again.
        this.#server.on('error', () => undefined)
        const bound = this.#server.address()
        resolve(typeof bound === 'object' ? (bound?.port ?? port) : port)
      })
    })
  }

  /** Stops accepting. Connections are ended by their owner. */
  close(): void {
    this.#endHandshakes()
    this.#beside?.close()
    if (this.#server.listening) this.#server.close()
  }

  /** Says why, as long as not too many are being told: those who do not go hold a socket. */
  #refuse(socket: Socket): void {
    socket.on('error', () => socket.destroy())
    if (this.#refusedCount >= serverLimits.refusalsMax) {
      socket.destroy()
      return
    }
    this.#refusedCount++
    socket.once('close', () => {
      this.#refusedCount--
    })
    socket.end(this.#options.refusal())
    // What it sends is read and dropped, so that the refusal is not lost to a reset.
    socket.resume()
    destroyLater(socket)
  }

  #accept(socket: Socket): void {
    const { sockets, protocol, security } = this.#options
    if (sockets.isFull) {
      this.#refuse(socket)
      return
    }
    const handle = sockets.add(tcpSink(socket, security.certificateNameOf(socket)), protocol)
    if (security.secure === null) this.#watchForTls(socket)
    socket.on('data', (bytes: Buffer) => handle.received(bytes))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => handle.gone())
  }

  /** A client that begins TLS at a plain port understands no answer; who runs it reads logs. */
  #watchForTls(socket: Socket): void {
    const remote = remoteOf(socket)
    socket.once('data', (bytes: Buffer) => {
      if (!isClientHello(bytes)) return
      this.#options.security.refused(remote, new HoldfastError('TLS_UNEXPECTED', {}))
      socket.destroy()
    })
  }
}

function remoteOf(socket: Socket): string {
  return formatAddress(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0)
}

function tcpSink(socket: Socket, certificateName: string | null): ClientSink {
  return {
    remote: remoteOf(socket),
    certificateName,
    write: (pieces, taken) => {
      if (socket.destroyed) return
      if (pieces.length > 1) socket.cork()
      for (const [position, piece] of pieces.entries()) {
        if (position === pieces.length - 1) socket.write(piece, () => taken())
        else socket.write(piece)
      }
      if (pieces.length > 1) socket.uncork()
    },
    bufferedBytes: () => socket.writableLength,
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => {
      socket.end()
      destroyLater(socket)
    },
    destroy: () => socket.destroy()
  }
}
