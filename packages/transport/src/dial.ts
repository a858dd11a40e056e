// The dialling side of a handshake: connect, introduce, prove, and learn who is there. Used for
// links (kept open) and for probes and adoptions (closed once answered).
import { randomBytes } from 'node:crypto'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { AdoptOffer, Lane, PeerHello } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { parseAddress } from './address.ts'
import { HandshakeChannel } from './handshake-channel.ts'
import {
  decodeChallenge,
  decodeVerdict,
  encodeOffer,
  encodeOpening,
  nonceBytes,
  type Purpose
} from './handshake-codec.ts'
import { bindingOf, isProof, proofOf } from './proof.ts'
import { peerTlsVersion, type TlsSource } from './tls-source.ts'

export interface DialOptions {
  readonly address: string
  readonly hello: PeerHello
  readonly token: string
  readonly timeoutMs: number
  /** Null: plain. Else both sides show certificates of the authority. */
  readonly tls: TlsSource | null
  /** Called when somebody has taken the connection, whatever becomes of it. */
  readonly accepted?: () => void
  /** Aborted when the caller has lost interest. */
  readonly signal?: AbortSignal
}

/** An open socket whose other end proved to know the join token. */
export interface Dialled {
  readonly socket: Socket
  readonly hello: PeerHello
}

/** With TLS, the certificate of the other side must name the host that was dialled. */
function connectSocket({ address, tls }: DialOptions): Socket {
  const { host, port } = parseAddress(address)
  if (tls === null) return connect({ host, port, noDelay: true })
  const { certificate, key, authority } = tls.material
  return connectTls({
    host,
    port,
    cert: certificate,
    key,
    ...(authority === null ? {} : { ca: authority }),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    minVersion: peerTlsVersion
  })
}

/**
 * Resolves when connected; rejects with the system's error (ECONNREFUSED …) or HANDSHAKE_TIMEOUT.
 */
function openSocket(options: DialOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket(options)
    const timer = setTimeout(() => {
      socket.destroy(new HoldfastError('HANDSHAKE_TIMEOUT', { limitMs: options.timeoutMs }))
    }, options.timeoutMs)
    const onAbort = (): void => {
      socket.destroy(new HoldfastError('CONNECTION_CLOSED', { reason: 'no longer wanted' }))
    }
    options.signal?.addEventListener('abort', onAbort, { once: true })
    const settle = (): void => {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', onAbort)
    }
    // The listener stays, so that an error between two owners of the socket is never without one.
    socket.on('error', (error) => {
      settle()
      reject(error)
    })
    socket.once('connect', () => options.accepted?.())
    socket.once(options.tls === null ? 'connect' : 'secureConnect', () => {
      settle()
      resolve(socket)
    })
    if (options.signal?.aborted === true) onAbort()
  })
}

/**
 * What is said of the other side is believed only with its proof: by it a cluster commits who is a
 * member and where its clients go, and a damaged node whether it can be spared.
 */
async function introduce(
  channel: HandshakeChannel,
  options: DialOptions,
  purpose: Purpose,
  lane: Lane
): Promise<{ hello: PeerHello; transcript: readonly Uint8Array[] }> {
  const opening = encodeOpening({
    purpose,
    lane,
    nonce: randomBytes(nonceBytes),
    hello: options.hello
  })
  channel.send(opening)
  const challenge = decodeChallenge(await channel.receive())
  const transcript = [opening, challenge.body, ...bindingOf(channel.socket)]
  const expected = proofOf(options.token, 'acceptor', transcript)
  if (!isProof(expected, challenge.proof)) {
    throw new HoldfastError('JOIN_TOKEN_WRONG', { address: options.address })
  }
  return { hello: challenge.hello, transcript }
}

async function withChannel<Result>(
  options: DialOptions,
  use: (channel: HandshakeChannel) => Promise<Result>
): Promise<Result> {
  const channel = new HandshakeChannel(await openSocket(options), options.timeoutMs)
  const onAbort = (): void => channel.destroy()
  options.signal?.addEventListener('abort', onAbort, { once: true })
  if (options.signal?.aborted === true) onAbort()
  try {
    return await use(channel)
  } catch (error) {
    channel.destroy()
    throw error
  } finally {
    options.signal?.removeEventListener('abort', onAbort)
  }
}

/**
 * Opens a link to a node in one lane. The caller attaches to the paused socket. Whoever else
 * answers is left before it takes the link for one of its own: it would end the true one for it.
 * @throws JOIN_TOKEN_WRONG, NODE_OF_ANOTHER_CLUSTER, UNAVAILABLE (another node answers), a
 * `PeerRefusal`, or the system's error
 */
export function dialLink(options: DialOptions, lane: Lane, node: number): Promise<Dialled> {
  return withChannel(options, async (channel) => {
    const { hello, transcript } = await introduce(channel, options, 'link', lane)
    if (hello.clusterId !== null && hello.clusterId !== options.hello.clusterId) {
      throw new HoldfastError('NODE_OF_ANOTHER_CLUSTER', {
        address: options.address,
        clusterId: hello.clusterId
      })
    }
    if (hello.node !== null && hello.node !== node) {
      throw new HoldfastError('UNAVAILABLE', { reason: 'another node answers there' })
    }
    channel.send(proofOf(options.token, 'dialler', transcript))
    const verdict = decodeVerdict(await channel.receive())
    return { socket: channel.release(), hello: verdict }
  })
}

/**
 * Asks who listens at an address. The one that asks proves nothing, the one that answers does.
 * @throws JOIN_TOKEN_WRONG, a `PeerRefusal`, or the system's error
 */
export function dialProbe(options: DialOptions): Promise<PeerHello> {
  return withChannel(options, async (channel) => {
    const { hello } = await introduce(channel, options, 'probe', 'gateway')
    channel.end()
    return hello
  })
}

/**
 * Offers the blank node at an address a place. Resolves with its new hello once its identity is
 * durable.
 * @throws JOIN_TOKEN_WRONG, NODE_ALREADY_MEMBER, NODE_OF_ANOTHER_CLUSTER (some as `PeerRefusal`)
 */
export function dialAdopt(options: DialOptions, offer: AdoptOffer): Promise<PeerHello> {
  return withChannel(options, async (channel) => {
    const { transcript } = await introduce(channel, options, 'adopt', 'gateway')
    const body = encodeOffer(offer)
    const proof = proofOf(options.token, 'dialler', [...transcript, body])
    channel.send(Buffer.concat([proof, body]))
    const hello = decodeVerdict(await channel.receive())
    channel.end()
    return hello
  })
}
