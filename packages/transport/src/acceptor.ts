// The accepting side: listens at the peer address, runs handshakes, and hands on links and
// adoptions. Everything before the proof is bounded in bytes, time and number.
import { randomBytes } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import type { AdoptOffer, Lane, PeerHello } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { formatAddress, type HostPort } from './address.ts'
import { framed, HandshakeChannel } from './handshake-channel.ts'
import {
  decodeOffer,
  decodeOpening,
  encodeChallengeBody,
  encodeRefusal,
  encodeVerdict,
  nonceBytes,
  type Opening,
  proofBytes
} from './handshake-codec.ts'
import { type TransportTiming, transportLimits } from './limits.ts'
import { bindingOf, isProof, proofOf } from './proof.ts'
import { secureServer } from './tls-gate.ts'
import { peerTlsVersion, type TlsSource } from './tls-source.ts'

export interface AcceptorOptions {
  readonly token: string
  /** Null: plain. */
  readonly tls: TlsSource | null
  readonly timing: TransportTiming
  /** How this node introduces itself at present. */
  readonly hello: () => PeerHello
  /** Accepted links that are open now. */
  readonly linkCount: () => number
  readonly linked: (socket: Socket, lane: Lane, hello: PeerHello, address: string) => void
  /** Resolves once the identity is durable. @throws HoldfastError */
  readonly adopt: (offer: AdoptOffer) => Promise<PeerHello>
  /** A handshake that ended badly; for the log. */
  readonly refused: (address: string, error: Error) => void
}

export class Acceptor {
  readonly #options: AcceptorOptions
  readonly #server: Server
  readonly #handshakes = new Set<HandshakeChannel>()
  #endHandshakes: () => void = () => undefined

  constructor(options: AcceptorOptions) {
    this.#options = options
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket))
    this.#server.on('error', (error) => options.refused('listener', error))
    if (options.tls !== null) this.#endHandshakes = this.#secure(options.tls)
  }

  /** Mutual, always: who shows no certificate of the authority never gets as far as the token. */
  #secure(source: TlsSource): () => void {
    return secureServer(this.#server, {
      source,
      clientCertificates: 'required',
      minVersion: peerTlsVersion,
      handshakeTimeoutMs: this.#options.timing.handshakeTimeoutMs,
      handshakesMax: transportLimits.handshakesMax,
      refused: (address, error) => this.#options.refused(address, error),
      answer: (error) => framed(encodeRefusal(error))
    })
  }

  /** Resolves with the address bound, which tells the port when 0 was asked for. */
  listen({ host, port }: HostPort): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject)
        const bound = this.#server.address()
        resolve(formatAddress(host, typeof bound === 'object' ? (bound?.port ?? port) : port))
      })
    })
  }

  /** Stops listening and ends handshakes under way. Links are not touched. */
  close(): Promise<void> {
    this.#endHandshakes()
    for (const channel of this.#handshakes) channel.destroy()
    return new Promise((resolve) => {
      if (this.#server.listening) this.#server.close(() => resolve())
      else resolve()
    })
  }

  #accept(socket: Socket): void {
    const address = formatAddress(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0)
    const isFull =
      this.#handshakes.size >= transportLimits.handshakesMax ||
      this.#options.linkCount() >= transportLimits.acceptedMax
    if (isFull) {
      socket.on('error', () => socket.destroy())
      socket.destroy()
      return
    }
    const channel = new HandshakeChannel(socket, this.#options.timing.handshakeTimeoutMs)
    this.#handshakes.add(channel)
    this.#converse(channel, address)
      .catch((error: Error) => this.#refuse(channel, address, error))
      .finally(() => this.#handshakes.delete(channel))
  }

  #refuse(channel: HandshakeChannel, address: string, error: Error): void {
    this.#options.refused(address, error)
    if (channel.socket.destroyed) return
    channel.send(encodeRefusal(HoldfastError.from(error)))
    channel.end()
  }

  async #converse(channel: HandshakeChannel, address: string): Promise<void> {
    const openingBytes = await channel.receive()
    const opening = decodeOpening(openingBytes)
    const body = encodeChallengeBody(randomBytes(nonceBytes), this.#options.hello())
    const transcript = [openingBytes, body, ...bindingOf(channel.socket)]
    channel.send(Buffer.concat([body, proofOf(this.#options.token, 'acceptor', transcript)]))
    if (opening.purpose === 'probe') {
      channel.end()
      return
    }
    const answer = await channel.receive()
    const proof = answer.subarray(0, proofBytes)
    const rest = answer.subarray(proofBytes)
    const covered = opening.purpose === 'adopt' ? [...transcript, rest] : transcript
    if (!isProof(proofOf(this.#options.token, 'dialler', covered), proof)) {
      throw new HoldfastError('JOIN_TOKEN_WRONG', { address: this.#options.hello().peer })
    }
    if (opening.purpose === 'adopt') {
      channel.send(encodeVerdict(await this.#options.adopt(decodeOffer(rest))))
      channel.end()
    } else {
      this.#link(channel, opening, address)
    }
  }

  #link(channel: HandshakeChannel, opening: Opening, address: string): void {
    const own = this.#options.hello()
    if (own.clusterId === null) {
      throw new HoldfastError('UNAVAILABLE', { reason: 'this node belongs to no cluster yet' })
    }
    if (opening.hello.clusterId !== own.clusterId) {
      throw new HoldfastError('NODE_OF_ANOTHER_CLUSTER', {
        address: own.peer,
        clusterId: own.clusterId
      })
    }
    channel.send(encodeVerdict(own))
    this.#options.linked(channel.release(), opening.lane, opening.hello, address)
  }
}
