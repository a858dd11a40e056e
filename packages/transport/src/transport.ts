// Links between members over TCP. Each node dials each peer on two lanes; frames to a node leave on
// the link dialled to it, frames from a node arrive on the link it dialled. What happens is told as
// inputs.
import type { Socket } from 'node:net'
import type { AdoptOffer, Chunks, Input, Lane, PeerHello, ProbeFailure } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { Acceptor } from './acceptor.ts'
import type { HostPort } from './address.ts'
import { AdoptionDesk } from './adoption-desk.ts'
import { type Dialled, dialAdopt, dialProbe } from './dial.ts'
import { Dialler } from './dialler.ts'
import { PeerRefusal } from './handshake-codec.ts'
import { defaultTiming, type TransportTiming, transportLimits } from './limits.ts'
import { Link, type LinkIdentity } from './link.ts'
import type { TlsSource } from './tls-source.ts'

export type TransportLog = (
  level: 'debug' | 'info' | 'warn',
  message: string,
  fields: Readonly<Record<string, string | number | boolean | null>>
) => void

export interface TransportOptions {
  /** How this node introduces itself until `identify` is called. */
  readonly hello: PeerHello
  /** The join token of the cluster; the empty one is a token too. */
  readonly token: string
  /** Null: links are plain, which is for loopback. */
  readonly tls: TlsSource | null
  /** Told of everything: peer-up, peer-down, peer-gone, peer-frame, probe-done, adopted. */
  readonly input: (input: Input) => void
  readonly log: TransportLog
  /** Draws from [0, 1) for the jitter. */
  readonly random: () => number
  readonly timing?: Partial<TransportTiming>
}

interface Peer {
  readonly node: number
  readonly address: string
  readonly lanes: Readonly<Record<Lane, Dialler>>
  lastFailure: string
}

export class Transport {
  readonly #options: TransportOptions
  readonly #timing: TransportTiming
  readonly #acceptor: Acceptor
  readonly #desk: AdoptionDesk
  readonly #peers = new Map<number, Peer>()
  readonly #links = new Map<number, Link>()
  readonly #diallers = new Map<Link, Dialler>()
  /** Process epoch of each node that was met and is not known to be gone. */
  readonly #epochs = new Map<number, number>()
  readonly #probes = new Set<AbortController>()
  readonly #checks: NodeJS.Timeout
  #hello: PeerHello
  #lastLink = 0
  #acceptedCount = 0
  #isClosed = false

  constructor(options: TransportOptions) {
    this.#options = options
    this.#hello = options.hello
    this.#timing = { ...defaultTiming, ...options.timing }
    this.#desk = new AdoptionDesk(
      () => this.#hello,
      (offer) => options.input({ type: 'adopted', offer })
    )
    this.#acceptor = new Acceptor({
      token: options.token,
      tls: options.tls,
      timing: this.#timing,
      hello: () => this.#hello,
      linkCount: () => this.#acceptedCount,
      linked: (socket, lane, hello, address) => this.#accepted(socket, lane, hello, address),
      adopt: (offer) => this.#desk.take(offer),
      refused: (address, error) => {
        options.log('info', 'a peer handshake failed', { address, reason: error.message })
      }
    })
    this.#checks = setInterval(() => this.#check(), this.#timing.checkIntervalMs)
    this.#checks.unref()
  }

  /** Resolves with the address bound, `HOST:PORT`. Rejects with the system's error. */
  listen(at: HostPort): Promise<string> {
    return this.#acceptor.listen(at)
  }

  /**
   * This node introduces itself anew from here on: it got an identity, or its addresses are known.
   */
  identify(hello: PeerHello): void {
    this.#hello = hello
    this.#desk.identified()
  }

  /** The nodes to keep links to. Replaces the previous list; an unchanged peer keeps its links. */
  setPeers(peers: readonly { readonly node: number; readonly address: string }[]): void {
    if (this.#isClosed) return
    const wanted = new Map(peers.map((peer) => [peer.node, peer.address]))
    if (this.#hello.node !== null) wanted.delete(this.#hello.node)
    for (const [node, peer] of [...this.#peers]) {
      if (wanted.get(node) === peer.address) continue
      this.#peers.delete(node)
      peer.lanes.raft.stop()
      peer.lanes.gateway.stop()
    }
    for (const [node, address] of wanted) {
      if (!this.#peers.has(node)) this.#peers.set(node, this.#dialPeer(node, address))
    }
  }

  /**
   * Queues one frame; false if there is no link to the node at present, and the frame is dropped.
   */
  send(node: number, lane: Lane, chunks: Chunks): boolean {
    const link = this.#peers.get(node)?.lanes[lane].link ?? null
    if (link === null) return false
    link.send(chunks)
    return link.isUp
  }

  /** Hands to the sockets what was queued. Called once at the end of each turn. */
  flush(): void {
    for (const peer of this.#peers.values()) {
      peer.lanes.raft.link?.flush()
      peer.lanes.gateway.link?.flush()
    }
  }

  closeLink(link: number): void {
    this.#links.get(link)?.close('this node closed it')
  }

  /** Asks who listens at an address, or adopts it. Ends in the input `probe-done` with this id. */
  probe(id: number, address: string, offer: AdoptOffer | null): void {
    const done = (result: PeerHello | ProbeFailure): void => {
      if (!this.#isClosed) this.#options.input({ type: 'probe-done', id, result })
    }
    if (this.#probes.size >= transportLimits.probesMax) {
      done({ code: 'UNAVAILABLE', error: 'too many probes are under way' })
      return
    }
    const abort = new AbortController()
    this.#probes.add(abort)
    const options = {
      address,
      token: this.#options.token,
      tls: this.#options.tls,
      hello: this.#hello,
      timeoutMs: this.#timing.handshakeTimeoutMs,
      signal: abort.signal
    }
    const dialled = async (): Promise<PeerHello> =>
      offer === null ? dialProbe(options) : dialAdopt(options, offer)
    dialled()
      .then(done, (error: Error) => done(probeFailure(error)))
      .finally(() => this.#probes.delete(abort))
  }

  /** Ends everything. No input is told after this has been called. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    clearInterval(this.#checks)
    for (const probe of this.#probes) probe.abort()
    for (const peer of this.#peers.values()) {
      peer.lanes.raft.stop()
      peer.lanes.gateway.stop()
    }
    this.#peers.clear()
    for (const link of [...this.#links.values()]) link.close('this node stops')
    await this.#acceptor.close()
  }

  #dialPeer(node: number, address: string): Peer {
    const dialler = (lane: Lane): Dialler =>
      new Dialler({
        node,
        lane,
        address,
        token: this.#options.token,
        tls: this.#options.tls,
        timing: this.#timing,
        random: this.#options.random,
        hello: () => this.#hello,
        linked: (dialled) => this.#dialled(node, lane, address, dialled),
        failed: (error) => this.#dialFailed(node, error)
      })
    const lanes = { raft: dialler('raft'), gateway: dialler('gateway') }
    return { node, address, lanes, lastFailure: '' }
  }

  #dialled(node: number, lane: Lane, address: string, { socket, hello }: Dialled): Link | null {
    if (hello.node !== node) return null
    const peer = this.#peers.get(node)
    if (peer === undefined) return null
    peer.lastFailure = ''
    const link = this.#open(socket, { lane, direction: 'out', hello, address })
    this.#diallers.set(link, peer.lanes[lane])
    this.#announce(link)
    return link
  }

  #dialFailed(node: number, error: Error): void {
    const peer = this.#peers.get(node)
    if (peer === undefined) return
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') this.#gone(node)
    // The same failure is told once, not twice a second for as long as the peer is away.
    if (peer.lastFailure === error.message) return
    peer.lastFailure = error.message
    const fields = { node, address: peer.address, reason: error.message }
    this.#options.log('info', 'no link to a peer', fields)
  }

  #accepted(socket: Socket, lane: Lane, hello: PeerHello, address: string): void {
    // A second link of one node in one lane means that the first is dead and not known to be.
    for (const link of [...this.#links.values()]) {
      const { identity } = link
      if (
        identity.direction === 'in' &&
        identity.lane === lane &&
        identity.hello.node === hello.node
      ) {
        link.close('a newer link replaces it')
      }
    }
    this.#acceptedCount++
    this.#options.log('debug', 'a peer dialled', { node: hello.node, address })
    this.#announce(this.#open(socket, { lane, direction: 'in', hello, address: hello.peer }))
  }

  #open(socket: Socket, properties: Omit<LinkIdentity, 'id'>): Link {
    const identity = { id: ++this.#lastLink, ...properties }
    const link = new Link(socket, identity, {
      frame: (_, bytes) => this.#tell({ type: 'peer-frame', link: identity.id, bytes }),
      down: (ended, reason) => this.#down(ended, reason)
    })
    this.#links.set(identity.id, link)
    return link
  }

  #announce(link: Link): void {
    const { id, lane, direction, hello, address } = link.identity
    this.#meet(hello)
    this.#options.log('debug', 'a peer link is up', { link: id, lane, direction, node: hello.node })
    this.#tell({ type: 'peer-up', link: id, lane, direction, hello, address })
  }

  /** Another process epoch under the same node: the old process is certainly dead. */
  #meet({ node, processEpoch }: PeerHello): void {
    if (node === null) return
    const known = this.#epochs.get(node)
    if (known !== undefined && known !== processEpoch) this.#gone(node)
    if (this.#epochs.size < transportLimits.knownNodesMax || this.#epochs.has(node)) {
      this.#epochs.set(node, processEpoch)
    }
  }

  /** Told once per process that was met. */
  #gone(node: number): void {
    if (this.#epochs.delete(node)) this.#tell({ type: 'peer-gone', node })
  }

  #down(link: Link, reason: string): void {
    const { id, lane, direction, hello } = link.identity
    if (!this.#links.delete(id)) return
    if (direction === 'in') this.#acceptedCount--
    const level = reason === 'this node stops' ? 'debug' : 'info'
    this.#options.log(level, 'a peer link is down', { link: id, lane, node: hello.node, reason })
    this.#tell({ type: 'peer-down', link: id })
    const dialler = this.#diallers.get(link)
    this.#diallers.delete(link)
    dialler?.broken()
  }

  #tell(input: Input): void {
    if (!this.#isClosed) this.#options.input(input)
  }

  #check(): void {
    for (const link of [...this.#links.values()]) link.check(this.#timing)
  }
}

function probeFailure(error: Error): ProbeFailure {
  if (error instanceof PeerRefusal) return { code: error.code, error: error.message }
  if (error instanceof HoldfastError && error.code === 'JOIN_TOKEN_WRONG') {
    return { code: error.code, error: error.message }
  }
  return { error: error.message }
}
