// Clients over WebSocket, at the HTTP listener: the native protocol at /v1/connect, AMQP 0-9-1 at
// /amqp. Each binary message is just a piece of the byte stream. Compression is off and fragments
// are bounded (failure modes 111 and 112).
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ClientProtocol } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { protocolLimits } from '@holdfast/protocol'
import { formatAddress } from '@holdfast/transport'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { ClientSink, ClientSockets } from '../client-sockets.ts'
import { serverLimits } from '../limits.ts'
import { destroyLater } from './destroy-later.ts'
import type { RequestRule } from './http-security.ts'
import { refuseForeign } from './loopback-request.ts'

export const webSocketPath = '/v1/connect'
export const amqpWebSocketPath = '/amqp'

/** What is spoken at each path. */
const protocols: ReadonlyMap<string, ClientProtocol> = new Map([
  [webSocketPath, 'native'],
  [amqpWebSocketPath, 'amqp']
])

type CertificateNameOf = (socket: Socket) => string | null

export class WebSocketListener {
  readonly #sockets: ClientSockets
  readonly #server: WebSocketServer
  readonly #http: Server
  readonly #refuse: RequestRule
  readonly #certificateNameOf: CertificateNameOf
  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void =>
    this.#upgrade(request, socket, head)

  /** Attaches itself to the upgrades of `http`. */
  constructor(
    http: Server,
    sockets: ClientSockets,
    refuse: RequestRule = refuseForeign,
    certificateNameOf: CertificateNameOf = () => null
  ) {
    this.#refuse = refuse
    this.#certificateNameOf = certificateNameOf
    this.#sockets = sockets
    this.#http = http
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: protocolLimits.webSocketMessageBytesMax,
      maxFragments: serverLimits.webSocketFragmentsMax,
      maxBufferedChunks: serverLimits.webSocketChunksMax,
      // Clients of AMQP may insist on their protocol's name; nobody else asks for one.
      handleProtocols: (names) => (names.has('amqp') ? 'amqp' : false)
    })
    http.on('upgrade', this.#onUpgrade)
  }

  /** Takes no more upgrades. Connections are ended by their owner. */
  close(): void {
    this.#http.off('upgrade', this.#onUpgrade)
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const refusal = this.#refusal(request)
    if (refusal !== null) {
      refuseUpgrade(socket, refusal)
      return
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.#connected(webSocket, request, protocols.get(pathOf(request)) ?? 'native')
    })
  }

  #refusal(request: IncomingMessage): HoldfastError | null {
    const path = pathOf(request)
    if (!protocols.has(path)) {
      return new HoldfastError('ROUTE_NOT_FOUND', { method: request.method ?? '', path })
    }
    const foreign = this.#refuse(request)
    if (foreign !== null) return foreign
    if (!this.#sockets.isFull) return null
    return new HoldfastError('TOO_MANY_CONNECTIONS', { limit: this.#sockets.count })
  }

  #connected(webSocket: WebSocket, request: IncomingMessage, protocol: ClientProtocol): void {
    const { remoteAddress, remotePort } = request.socket
    const remote = formatAddress(remoteAddress ?? 'unknown', remotePort ?? 0)
    const certificateName = this.#certificateNameOf(request.socket)
    const sink = webSocketSink(webSocket, { remote, certificateName })
    const handle = this.#sockets.add(sink, protocol)
    webSocket.on('message', (message: RawData, isBinary: boolean) => {
      if (!isBinary) webSocket.close(1003, 'binary messages only')
      else if (Buffer.isBuffer(message)) handle.received(message)
    })
    webSocket.on('error', () => webSocket.terminate())
    webSocket.on('close', () => handle.gone())
  }
}

function refuseUpgrade(socket: Duplex, error: HoldfastError): void {
  const { code, message, details, row } = error
  const body = Buffer.from(JSON.stringify({ code, message, details }))
  socket.end(
    Buffer.concat([
      Buffer.from(
        `HTTP/1.1 ${row.status} ${STATUS_CODES[row.status] ?? 'Refused'}\r\n` +
          'content-type: application/json; charset=utf-8\r\n' +
          `content-length: ${body.length}\r\nconnection: close\r\n\r\n`
      ),
      body
    ])
  )
  // Node.js has no deadline for a socket that asked for an upgrade, and one with bytes that nobody
  // reads never comes to its end.
  socket.resume()
  destroyLater(socket)
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] ?? ''
}

function webSocketSink(
  webSocket: WebSocket,
  end: Pick<ClientSink, 'remote' | 'certificateName'>
): ClientSink {
  return {
    ...end,
    write: (pieces, taken) => {
      if (webSocket.readyState !== webSocket.OPEN) return
      for (const [position, piece] of pieces.entries()) {
        const isLast = position === pieces.length - 1
        webSocket.send(piece, { binary: true }, isLast ? () => taken() : undefined)
      }
    },
    bufferedBytes: () => webSocket.bufferedAmount,
    pause: () => webSocket.pause(),
    resume: () => webSocket.resume(),
    end: () => {
      webSocket.close(1000)
      const timer = setTimeout(() => webSocket.terminate(), serverLimits.socketEndTimeoutMs)
      timer.unref()
      webSocket.once('close', () => clearTimeout(timer))
    },
    destroy: () => webSocket.terminate()
  }
}
