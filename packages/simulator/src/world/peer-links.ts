// Links between nodes in the simulated world: dialled again and again by whoever wants one, in
// order each by itself. Where a plan says so, frames of the Raft lane are as unreliable as
// datagrams, which is more than Raft is promised and no more than it must bear. A cut stalls what
// is under way, and ends links that stall long.
import { defaultTuning, type Lane } from '@holdfast/cluster'
import type { Random } from '@holdfast/testkit'
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
  /** Whether each end believes that it is up. */
  isOutUp: boolean
  isInUp: boolean
  arrivesMs: number
  /** What is under way does not arrive before. */
  heldUntilMs: number
  stalled: Uint8Array[]
  /** What has not left: sent since this time, or stalled. */
  waitingBytes: number
  waitingSinceMs: number
}

interface Peer {
  readonly node: number
  readonly address: string
}

/**
 * More does not wait on a link: it closes, as in the transport. There what members may have under
 * way fits many times; here what they say beside payload is not made smaller with their bounds.
 */
function waitingBytesMax(laneBytesMax: number): number {
  return 2 * laneBytesMax + 4 * 1024 * 1024
}

const redialMs = 60
const stalledMsMax = 1500
/** A copy of a frame comes at most this much later. */
const replayMsMax = 500
/** What was under way on a broken link may arrive for so long. */
const lateMsMax = 1000

function keyOf(node: number, lane: Lane): number {
  return node * 2 + (lane === 'raft' ? 0 : 1)
}

export class PeerLinks {
  readonly #world: World
  readonly #random: Random
  /** By the process that dialled, then by node and lane. */
  readonly #links = new Map<Process, Map<number, Link>>()
  readonly #dialling = new Set<string>()
  /** Broken, and not known to be at the end that was dialled. */
  readonly #lingering = new Set<Link>()
  /** Per process: the epoch of each node it has met and does not know to be gone. */
  readonly #met = new Map<Process, Map<number, number>>()
  #lastId = 0

  constructor(world: World) {
    this.#world = world
    this.#random = world.random.split('links')
    this.#redial()
  }

  #all(): Link[] {
    return [...this.#links.values()].flatMap((links) => [...links.values()])
  }

  #redial(): void {
    this.#world.schedule.after(redialMs, () => {
      for (const { process } of this.#world.hosts) {
        if (process === null || process.isPaused) continue
        for (const peer of process.peers) {
          this.#dialLane(process, peer, 'raft')
          this.#dialLane(process, peer, 'gateway')
        }
      }
      this.#redial()
    })
  }

  #dialLane(from: Process, peer: Peer, lane: Lane): void {
    if (this.#links.get(from)?.has(keyOf(peer.node, lane))) return
    const key = `${from.epoch}>${peer.node} ${lane}`
    if (this.#dialling.has(key)) return
    this.#dialling.add(key)
    this.#world.schedule.after(this.#world.network.paths.delayMs() + 1, () => {
      this.#dialling.delete(key)
      this.#dial(from, peer, lane)
    })
  }

  #dial(from: Process, peer: Peer, lane: Lane): void {
    const target = this.#world.hostAt(peer.address)
    if (!from.isAlive || target === undefined) return
    if (!this.#world.network.paths.canTalk(from.host.number, target.number)) return
    const to = target.process
    // Nobody listens there: that is told at once, unlike silence.
    if (to === null) return target.isLost ? undefined : this.#gone(from, peer.node)
    if (to.isPaused || to.identity === null || from.identity === null) return
    if (target.token !== from.host.token) return
    this.#lastId += 2
    const link: Link = {
      from,
      to,
      lane,
      node: peer.node,
      outId: this.#lastId,
      inId: this.#lastId + 1,
      isOutUp: true,
      isInUp: true,
      arrivesMs: this.#world.schedule.nowMs,
      heldUntilMs: 0,
      stalled: [],
      waitingBytes: 0,
      waitingSinceMs: this.#world.schedule.nowMs
    }
    const links = this.#links.get(from) ?? new Map<number, Link>()
    this.#links.set(from, links)
    links.set(keyOf(peer.node, lane), link)
    if (lane === 'gateway') this.#supersede(from, to)
    this.#meet(to, from)
    const { address } = from.host
    const incoming = { type: 'peer-up', link: link.inId, lane, direction: 'in' } as const
    to.input({ ...incoming, hello: from.hello(), address })
    this.#meet(from, to)
    const outgoing = { type: 'peer-up', link: link.outId, lane, direction: 'out' } as const
    from.input({ ...outgoing, hello: to.hello(), address: peer.address })
  }

  /**
   * Who accepts another link of a node ends the one before, as the transport does; the Raft lane
   * has to bear more.
   */
  #supersede(from: Process, to: Process): void {
    for (const link of this.#lingering) {
      const isOfNode = link.from.identity?.node === from.identity?.node
      if (link.lane === 'gateway' && link.to === to && isOfNode) this.#endIn(link)
    }
  }

  #endIn(link: Link): void {
    if (!this.#lingering.delete(link)) return
    link.isInUp = false
    link.to.input({ type: 'peer-down', link: link.inId })
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
    const link = this.#links.get(from)?.get(keyOf(node, lane))
    if (link === undefined) return
    if (this.#isOverfull(link, bytes)) return this.#break(link)
    const { paths } = this.#world.network
    if (lane === 'raft' && this.#random.chance(paths.plan.lossChance)) {
      return this.#world.struck('frame-loss')
    }
    const isCut = paths.isCut(from.host.number, link.to.host.number)
    if (!isCut && link.stalled.length === 0) return this.#carry(link, bytes)
    link.stalled.push(bytes)
    if (link.stalled.length > 1) return
    this.#world.schedule.after(stalledMsMax, () => {
      if (link.stalled.length > 0) this.#break(link)
    })
  }

  #isOverfull(link: Link, bytes: Uint8Array): boolean {
    const { nowMs } = this.#world.schedule
    if (link.stalled.length === 0 && link.waitingSinceMs < nowMs) link.waitingBytes = 0
    link.waitingSinceMs = nowMs
    link.waitingBytes += bytes.length
    const { laneBytesMax } = this.#world.plan.tuning
    return link.waitingBytes > waitingBytesMax(laneBytesMax ?? defaultTuning.laneBytesMax)
  }

  #carry(link: Link, bytes: Uint8Array): void {
    const { schedule, network } = this.#world
    const { plan } = network.paths
    const { number: from } = link.from.host
    const arrivalMs = network.paths.arrivalMs(
      from,
      link.to.host.number,
      bytes.length,
      schedule.nowMs
    )
    if (arrivalMs - schedule.nowMs > plan.delayMsMean * 10) this.#world.struck('frame-delay')
    const isRaft = link.lane === 'raft'
    const opensMs = isRaft ? network.paths.raftOpensMs(from, link.to.host.number) : 0
    let atMs = Math.max(link.arrivesMs, arrivalMs, opensMs)
    if (isRaft && this.#random.chance(plan.reorderChance)) {
      this.#world.struck('frame-reorder')
      atMs = schedule.nowMs + this.#random.integer(0, replayMsMax)
    } else link.arrivesMs = atMs
    this.#arrive(link, bytes, atMs)
    if (isRaft && this.#random.chance(plan.duplicateChance)) {
      this.#world.struck('frame-duplicate')
      this.#arrive(link, bytes, atMs + this.#random.integer(0, replayMsMax))
    }
  }

  #arrive(link: Link, bytes: Uint8Array, atMs: number): void {
    const { schedule } = this.#world
    // As from a socket: a Buffer, whose slice is no copy.
    const frame = { type: 'peer-frame', link: link.inId, bytes: Buffer.from(bytes) } as const
    const arrive = (): void => {
      if (!link.isInUp) return
      const { nowMs } = schedule
      if (link.heldUntilMs > nowMs) return schedule.after(link.heldUntilMs - nowMs, arrive)
      if (!link.isOutUp) this.#world.struck('late-frame')
      link.to.input(frame)
    }
    schedule.after(atMs - schedule.nowMs, arrive)
  }

  #break(link: Link): void {
    if (!link.isOutUp) return
    link.isOutUp = false
    this.#links.get(link.from)?.delete(keyOf(link.node, link.lane))
    const { schedule, network } = this.#world
    const { from, outId } = link
    schedule.after(network.paths.delayMs(), () => from.input({ type: 'peer-down', link: outId }))
    const isLate = this.#random.chance(network.paths.plan.lateChance)
    if (!isLate) link.isInUp = false
    const noticedMs = isLate ? this.#random.integer(0, lateMsMax) : network.paths.delayMs()
    // The next link, or the next process, may be there before what this one sent.
    if (isLate) link.heldUntilMs = schedule.nowMs + this.#random.integer(0, noticedMs)
    this.#lingering.add(link)
    schedule.after(noticedMs, () => this.#endIn(link))
  }

  /** What is sent from now on waits for nothing that was sent before, which Raft must bear. */
  heal(): void {
    for (const link of this.#all()) {
      if (link.lane === 'raft') link.arrivesMs = this.#world.schedule.nowMs
    }
  }

  /** Sends what waited for cuts that are no more. */
  release(): void {
    for (const link of this.#all()) {
      const { from, to } = link
      if (this.#world.network.paths.isCut(from.host.number, to.host.number)) continue
      for (const bytes of link.stalled.splice(0)) this.#carry(link, bytes)
    }
  }

  /** Breaks some of the links, as a router that restarts does. */
  breakSome(isChosen: (from: Host, to: Host) => boolean): void {
    for (const link of this.#all()) if (isChosen(link.from.host, link.to.host)) this.#break(link)
  }

  close(process: Process, id: number): void {
    for (const link of this.#all()) {
      const isOut = link.from === process && link.outId === id
      if (isOut || (link.to === process && link.inId === id)) this.#break(link)
    }
  }

  ended(process: Process): void {
    for (const link of this.#all()) {
      if (link.from === process || link.to === process) this.#break(link)
    }
    this.#links.delete(process)
    this.#met.delete(process)
  }
}
