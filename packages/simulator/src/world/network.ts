// The network of the simulated world. A link keeps its order; different links, hence the lanes of
// two nodes, overtake each other. A cut stalls what is under way, and ends links that stall long.
import type { AdoptOffer, Input, Lane } from '@holdfast/cluster'
import type { ClientSocket, Wire } from './client-socket.ts'
import type { Host } from './host.ts'
import type { Process } from './process.ts'
import type { World } from './world.ts'

interface Link {
  readonly from: Process
  readonly to: Process
  readonly lane: Lane
  readonly node: number
  /** Numbers of the link at its two ends. */
  readonly outId: number
  readonly inId: number
  isUp: boolean
  arrivesMs: number
  stalled: Uint8Array[]
}

const redialMs = 60
const stalledMsMax = 1500

export class Network {
  readonly #world: World
  #links: Link[] = []
  #sockets: ClientSocket[] = []
  #lastId = 0
  /** Ordered pairs of hosts, `from>to`, that cannot reach each other. */
  readonly #cuts = new Set<string>()
  readonly #dialling = new Set<string>()
  /** Per process: the epoch of each node it has met and does not know to be gone. */
  readonly #met = new Map<Process, Map<number, number>>()

  constructor(world: World) {
    this.#world = world
    this.#redial()
  }

  #delayMs(): number {
    const { random } = this.#world
    return random.chance(0.03) ? random.integer(10, 80) : random.integer(0, 4)
  }

  // Cuts.

  cut(from: Host, to: Host): void {
    this.#cuts.add(`${from.number}>${to.number}`)
  }

  heal(): void {
    this.#cuts.clear()
    for (const link of this.#links) {
      for (const bytes of link.stalled.splice(0)) this.#carry(link, bytes)
    }
  }

  isCut(from: Host, to: Host): boolean {
    return this.#cuts.has(`${from.number}>${to.number}`)
  }

  #canTalk(a: Host, b: Host): boolean {
    return !this.isCut(a, b) && !this.isCut(b, a)
  }

  // Links between nodes.

  #redial(): void {
    this.#world.schedule.after(redialMs, () => {
      for (const host of this.#world.hosts) {
        const { process } = host
        if (process === null || process.isPaused) continue
        for (const peer of process.peers) this.#dialLanes(process, peer)
      }
      this.#redial()
    })
  }

  #dialLanes(from: Process, peer: { readonly node: number; readonly address: string }): void {
    for (const lane of ['raft', 'gateway'] as const) {
      const key = `${from.epoch}>${peer.node} ${lane}`
      const isLinked = this.#links.some((link) => {
        return link.isUp && link.from === from && link.node === peer.node && link.lane === lane
      })
      if (isLinked || this.#dialling.has(key)) continue
      this.#dialling.add(key)
      this.#world.schedule.after(this.#delayMs() + 1, () => {
        this.#dialling.delete(key)
        this.#dial(from, peer, lane)
      })
    }
  }

  #dial(
    from: Process,
    peer: { readonly node: number; readonly address: string },
    lane: Lane
  ): void {
    const target = this.#world.hostAt(peer.address)
    if (!from.isAlive || target === undefined || !this.#canTalk(from.host, target)) return
    const to = target.process
    if (to === null) return this.#gone(from, peer.node)
    if (to.isPaused || to.identity === null || from.identity === null) return
    this.#lastId += 2
    const link: Link = {
      from,
      to,
      lane,
      node: peer.node,
      outId: this.#lastId,
      inId: this.#lastId + 1,
      isUp: true,
      arrivesMs: this.#world.schedule.nowMs,
      stalled: []
    }
    this.#links.push(link)
    this.#meet(to, from)
    to.input({
      type: 'peer-up',
      link: link.inId,
      lane,
      direction: 'in',
      hello: from.hello(),
      address: from.host.address
    })
    this.#meet(from, to)
    from.input({
      type: 'peer-up',
      link: link.outId,
      lane,
      direction: 'out',
      hello: to.hello(),
      address: peer.address
    })
  }

  #meet(self: Process, other: Process): void {
    const node = other.identity?.node
    if (node === undefined) return
    const met = this.#met.get(self) ?? new Map<number, number>()
    this.#met.set(self, met)
    const known = met.get(node)
    if (known !== undefined && known !== other.epoch) this.#gone(self, node)
    met.set(node, other.epoch)
  }

  #gone(self: Process, node: number): void {
    if (this.#met.get(self)?.delete(node)) self.input({ type: 'peer-gone', node })
  }

  send(from: Process, node: number, lane: Lane, bytes: Uint8Array): void {
    const link = this.#links.find((candidate) => {
      const { isUp } = candidate
      return isUp && candidate.from === from && candidate.node === node && candidate.lane === lane
    })
    if (link === undefined) return
    if (!this.isCut(from.host, link.to.host)) return this.#carry(link, bytes)
    link.stalled.push(bytes)
    if (link.stalled.length > 1) return
    this.#world.schedule.after(stalledMsMax, () => {
      if (link.stalled.length > 0) this.#break(link)
    })
  }

  #carry(link: Link, bytes: Uint8Array): void {
    const { schedule } = this.#world
    link.arrivesMs = Math.max(link.arrivesMs, schedule.nowMs + this.#delayMs())
    // As from a socket: a Buffer, whose slice is no copy.
    const frame = { type: 'peer-frame', link: link.inId, bytes: Buffer.from(bytes) } as const
    schedule.after(link.arrivesMs - schedule.nowMs, () => {
      if (link.isUp) link.to.input(frame)
    })
  }

  #break(link: Link): void {
    if (!link.isUp) return
    link.isUp = false
    this.#links = this.#links.filter((other) => other !== link)
    const { from, to, outId, inId } = link
    this.#world.schedule.after(this.#delayMs(), () =>
      from.input({ type: 'peer-down', link: outId })
    )
    this.#world.schedule.after(this.#delayMs(), () => to.input({ type: 'peer-down', link: inId }))
  }

  closeLink(process: Process, id: number): void {
    for (const link of [...this.#links]) {
      const isMine =
        (link.from === process && link.outId === id) || (link.to === process && link.inId === id)
      if (isMine) this.#break(link)
    }
  }

  /** Breaks some of the links, as a router that restarts does. */
  breakLinks(isChosen: () => boolean): void {
    for (const link of [...this.#links]) if (isChosen()) this.#break(link)
  }

  ended(process: Process): void {
    for (const link of [...this.#links]) {
      if (link.from === process || link.to === process) this.#break(link)
    }
    for (const socket of this.#sockets.filter((other) => other.process === process)) {
      this.#closed(socket)
    }
    this.#met.delete(process)
  }

  // Probes of addresses, and offers to blank nodes.

  probe(from: Process, id: number, address: string, offer: AdoptOffer | null): void {
    const { schedule } = this.#world
    const done = (result: Extract<Input, { type: 'probe-done' }>['result']): void => {
      schedule.after(this.#delayMs(), () => from.input({ type: 'probe-done', id, result }))
    }
    schedule.after(this.#delayMs(), () => {
      const target = this.#world.hostAt(address)
      const process = target?.process ?? null
      const isReached = target !== undefined && this.#canTalk(from.host, target)
      if (process === null || !isReached || process.isPaused) {
        return schedule.after(isReached ? 1 : 500, () => done({ error: 'nobody answers there' }))
      }
      if (offer === null) return done(process.hello())
      if (process.identity === null) return process.adopt(offer, () => done(process.hello()))
      const { clusterId, node, incarnation } = process.identity
      const isSame = node === offer.node && incarnation === offer.incarnation
      if (isSame && clusterId === offer.clusterId) done(process.hello())
      else done({ error: 'it has a place already', code: 'NODE_ALREADY_MEMBER' })
    })
  }

  // Clients.

  connect(host: Host, wire: Wire): ClientSocket | null {
    const { process } = host
    if (process === null) return null
    this.#lastId += 1
    const nowMs = this.#world.schedule.nowMs
    const id = this.#lastId
    const socket = { id, process, wire, isOpen: true, toServerMs: nowMs, toClientMs: nowMs }
    this.#sockets.push(socket)
    process.input({ type: 'client-up', connection: id, remote: 'client' })
    return socket
  }

  toServer(socket: ClientSocket, bytes: Uint8Array): void {
    const { schedule } = this.#world
    socket.toServerMs = Math.max(socket.toServerMs, schedule.nowMs + this.#delayMs())
    schedule.after(socket.toServerMs - schedule.nowMs, () => {
      if (!socket.isOpen) return
      socket.process.input({ type: 'client-bytes', connection: socket.id, bytes })
    })
  }

  toClient(process: Process, id: number, bytes: Uint8Array): void {
    const socket = this.#socket(process, id)
    if (socket === undefined) return
    const { schedule } = this.#world
    socket.toClientMs = Math.max(socket.toClientMs, schedule.nowMs + this.#delayMs())
    schedule.after(socket.toClientMs - schedule.nowMs, () => {
      if (!socket.isOpen) return
      socket.wire.bytes(bytes)
      process.input({ type: 'client-drained', connection: id, bytes: 0 })
    })
  }

  #socket(process: Process, id: number): ClientSocket | undefined {
    return this.#sockets.find((other) => other.id === id && other.process === process)
  }

  closeClient(process: Process, id: number): void {
    const socket = this.#socket(process, id)
    if (socket === undefined) return
    const { schedule } = this.#world
    schedule.after(Math.max(0, socket.toClientMs - schedule.nowMs), () => {
      if (socket.isOpen) process.input({ type: 'client-down', connection: id })
      this.#closed(socket)
    })
  }

  /** The client hangs up, or its machine is gone. */
  hangUp(socket: ClientSocket): void {
    if (!socket.isOpen) return
    socket.isOpen = false
    this.#sockets = this.#sockets.filter((other) => other !== socket)
    this.#world.schedule.after(this.#delayMs(), () => {
      socket.process.input({ type: 'client-down', connection: socket.id })
    })
  }

  #closed(socket: ClientSocket): void {
    this.#sockets = this.#sockets.filter((other) => other !== socket)
    this.#world.schedule.after(this.#delayMs(), () => {
      if (!socket.isOpen) return
      socket.isOpen = false
      socket.wire.closed()
    })
  }
}
