// The nodes of the cluster, as this one sees and serves them: whom to keep links to, who is up, who
// was removed. At the metadata leader also: bringing every group from the members it has to the
// members it should have.
import type { Node } from '@holdfast/broker'
import { pack, unpack } from '@holdfast/record'
import type { Core } from '../core.ts'
import { log } from '../core.ts'
import type { PeerHello, ProbeFailure } from '../input.ts'
import { limits, times } from '../limits.ts'
import type { AdoptOffer } from '../output.ts'
import type { Link } from '../peers/peers.ts'

interface PeerAddress {
  readonly node: number
  readonly address: string
}

export type ProbeResult = PeerHello | ProbeFailure

/** How long a removed node is still reached, to be told. */
const farewellMs = 10_000

export class Membership {
  readonly #core: Core
  #peers: readonly PeerAddress[] = []
  /** Removed nodes that are still reached, to be told; the one seen last at the end. */
  readonly #departed = new Map<number, { readonly address: string; readonly untilMs: number }>()
  /** Addresses of nodes that reach this one and that it does not know as members yet. */
  #newcomers: ReadonlyMap<number, string> = new Map()
  readonly #probes = new Map<number, (result: ProbeResult) => void>()
  #lastProbe = 0
  #knownNodes: readonly Node[] = []

  constructor(core: Core) {
    this.#core = core
  }

  /** Peers as this node knew them when it stopped. */
  recover(peers: Uint8Array | null): void {
    if (peers !== null) this.#peers = unpack(peers) as readonly PeerAddress[]
    this.#announce()
  }

  /** A cluster took this blank node in. */
  adopted(offer: AdoptOffer): void {
    const core = this.#core
    if (core.identity !== null) return
    const { clusterId, node, incarnation } = offer
    core.identity = { clusterId, node, incarnation }
    core.commit.addIdentity(core.identity)
    log(core, 'info', 'adopted by a cluster', { clusterId, node, incarnation })
    this.#peers = offer.peers
    core.groups.openBlank(0)
    this.#announce()
  }

  /**
   * Begins a cluster of this node alone: one voter in each group, and the metadata's first command.
   */
  bootstrap(clusterId: string): void {
    const core = this.#core
    core.identity = { clusterId, node: 1, incarnation: 1 }
    core.commit.addIdentity(core.identity)
    core.groups.bootstrap(0)
    const { shardsAtBootstrap } = core.tuning
    for (let shard = 1; shard <= shardsAtBootstrap; shard++) core.groups.bootstrap(shard)
    log(core, 'info', 'began a cluster', { clusterId })
  }

  /** The first command of a cluster, once its first node leads the metadata group. */
  #initialise(): void {
    const { metadata, options, storeId, identity } = this.#core
    const { clusterId = '', node } = identity ?? {}
    if (!metadata.isLeading || metadata.machine.clusterId !== null || node !== 1) return
    const { addresses } = options
    const shards = this.#core.tuning.shardsAtBootstrap
    const { owner } = options.bootstrap ?? {}
    const first = owner === undefined ? {} : { owner }
    const command = { type: 'initialise', clusterId, storeId, addresses, shards, ...first } as const
    metadata.propose(command, () => undefined)
  }

  nodesChanged(): void {
    const { metadata, clock, identity } = this.#core
    const nodes = metadata.machine.membership.nodes
    for (const { node, addresses } of this.#knownNodes) {
      const isLeft = !nodes.some((other) => other.node === node)
      if (!isLeft || node === identity?.node) continue
      this.#depart(node, addresses.peer)
      clock.forget(node)
    }
    for (const { node } of nodes) this.#departed.delete(node)
    this.#knownNodes = nodes
    this.#core.lease.nodesChanged()
    if (nodes.length === 0) return
    this.#peers = nodes.map(({ node, addresses }) => ({ node, address: addresses.peer }))
    this.#core.sessions.nodesChanged()
    this.#announce()
  }

  #depart(node: number, address: string): void {
    this.#departed.delete(node)
    this.#departed.set(node, { address, untilMs: this.#core.clock.nowMs + farewellMs })
    for (const oldest of this.#departed.keys()) {
      if (this.#departed.size <= limits.farewellsMax) return
      this.#departed.delete(oldest)
    }
  }

  #announce(): void {
    const self = this.#core.identity?.node
    const peers = this.#peers.filter(({ node }) => node !== self)
    this.#core.commit.addPeers(pack(this.#peers))
    const guests = [...this.#newcomers].map(([node, address]) => ({ node, address }))
    for (const [node, { address }] of this.#departed) guests.push({ node, address })
    for (const guest of guests) {
      if (!peers.some((peer) => peer.node === guest.node)) peers.push(guest)
    }
    this.#core.outputs.push({ type: 'peers', peers })
  }

  /** Members whose links are all up, this node included. */
  isUp(node: number): boolean {
    return node === this.#core.identity?.node || this.#core.peers.isUp(node)
  }

  linkUp(link: Link): void {
    this.#sayRemoved(link)
    this.#lookForNewcomers()
  }

  /**
   * A member that this node has not heard of may be the leader that would tell it so. What it sends
   * is answered on a link of this node's own, hence it is reached as long as it is linked.
   */
  #lookForNewcomers(): void {
    const { identity, metadata, peers } = this.#core
    if (identity === null) return
    const newcomers = new Map<number, string>()
    for (const { node, direction, address } of peers.links()) {
      if (node === null || node === identity.node || direction === 'out') continue
      const isKnown = this.#peers.some((peer) => peer.node === node)
      if (!isKnown && !metadata.machine.membership.isRemoved(node)) newcomers.set(node, address)
    }
    const before = this.#newcomers
    const isSame = [...newcomers].every(([node, address]) => before.get(node) === address)
    if (isSame && newcomers.size === before.size) return
    this.#newcomers = newcomers
    this.#announce()
  }

  /**
   * A node that was removed, or a directory that was replaced, is told, and its frames are not
   * heard. It is reached for a while even if it was forgotten.
   */
  #sayRemoved({ node, incarnation, address, direction, lane }: Link): void {
    if (node === null) return
    const { peers, metadata } = this.#core
    const { membership } = metadata.machine
    const known = membership.node(node)
    const isOld = known !== null && (incarnation ?? 0) < known.incarnation
    if (!isOld && !membership.isRemoved(node)) return
    if (direction === 'out') {
      if (lane === 'gateway') peers.send(node, { type: 'cast', cast: { type: 'removed' } })
    } else if (!this.#peers.some((peer) => peer.node === node)) {
      const isAnnounced = this.#departed.has(node)
      this.#depart(node, address)
      if (!isAnnounced) this.#announce()
    }
  }

  nodeGone(node: number): void {
    this.#core.contact.gone(node)
    this.#core.reports.nodeGone(node)
    this.#core.groups.nodeGone(node)
  }

  /** Other nodes say that this one is no member any more. */
  removed(): void {
    const { identity, outputs } = this.#core
    const reason = `node ${identity?.node ?? 0} was removed from the cluster`
    log(this.#core, 'warn', 'this node was removed from the cluster; it ends')
    outputs.push({ type: 'exit', code: 0, reason })
  }

  /** Asks who listens at an address; with an offer, takes a blank node in. */
  probe(address: string, adopt: AdoptOffer | null, done: (result: ProbeResult) => void): void {
    this.#lastProbe++
    this.#probes.set(this.#lastProbe, done)
    this.#core.outputs.push({ type: 'probe-peer', id: this.#lastProbe, address, adopt })
  }

  probeDone(id: number, result: ProbeResult): void {
    const done = this.#probes.get(id)
    this.#probes.delete(id)
    done?.(result)
  }

  /** What a node is offered that is to become `node` in its `incarnation`. */
  offer(node: number, incarnation: number): AdoptOffer {
    const clusterId = this.#core.identity?.clusterId ?? ''
    return { clusterId, node, incarnation, peers: this.#peers }
  }

  leadershipChanged(): void {
    this.#core.reconciler.leadershipChanged()
    this.#initialise()
  }

  tick(): void {
    const { clock } = this.#core
    let hasLeft = false
    for (const [node, { untilMs }] of this.#departed) {
      if (untilMs > clock.nowMs) continue
      this.#departed.delete(node)
      hasLeft = true
    }
    if (hasLeft) this.#announce()
    if (clock.nowMs >= this.#farewellAtMs) {
      this.#farewellAtMs = clock.nowMs + farewellMs / 10
      // Those whose links were up already when they were removed, and those that did not hear it.
      for (const link of this.#core.peers.links()) this.#sayRemoved(link)
      this.#lookForNewcomers()
    }
    this.#updateAddresses()
  }

  #farewellAtMs = 0
  #updateAttemptMs = 0

  /** This node listens elsewhere than the cluster believes. */
  #updateAddresses(): void {
    const { clock, identity, metadata, options } = this.#core
    if (identity === null || clock.nowMs < this.#updateAttemptMs) return
    this.#updateAttemptMs = clock.nowMs + times.balanceMs
    const known = metadata.machine.membership.node(identity.node)
    if (known === null) return
    const { client, peer, http } = options.addresses
    const { addresses } = known
    if (client === addresses.client && peer === addresses.peer && http === addresses.http) return
    const command = {
      type: 'update-node',
      node: identity.node,
      addresses: { client, peer, http }
    } as const
    metadata.submit(command, () => undefined, { deadlineMs: clock.nowMs })
  }
}
