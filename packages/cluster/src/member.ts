// One member of the cluster as a synchronous machine: inputs in, outputs out, nothing else. All
// dispatch is here; the work is in the parts that core.ts names. What happens in a step leaves
// together at its end: one frame a peer and lane, one batch a client, at most one write.
import { HoldfastError, unreachable } from '@holdfast/errors'
import { handleAdmin } from './administration/admin-calls.ts'
import { clusterStatus } from './administration/status-view.ts'
import { buildCore, start } from './build-core.ts'
import { handOver } from './consensus/leadership.ts'
import { incarnationOf, nodeOf } from './consensus/replica-id.ts'
import type { Core, MemberOptions } from './core.ts'
import { log } from './core.ts'
import type { Input } from './input.ts'
import { times } from './limits.ts'
import type { Recovered } from './log-store.ts'
import { memoryOf, type NodeMemory } from './memory.ts'
import type { Output } from './output.ts'
import { answerCall } from './peers/call-handlers.ts'
import { type PeerMessage, readPeerFrame } from './peers/peer-codec.ts'
import type { Cast } from './peers/peer-message.ts'
import type { Link } from './peers/peers.ts'
import { hear } from './relaying/tell.ts'
import type { ClusterStatus, MachineHash, MemberCounters } from './status.ts'

/** Rounds of work in one step; what is left waits for the next. */
const roundsMax = 16

/** Clients are looked after this often, and dead letters, which go the same way. */
const sessionTickMs = 250

export class Member {
  readonly #core: Core
  #tickedMs = -1
  #sessionsTickedMs = 0
  #isDraining = false
  #drainedByMs = 0

  constructor(options: MemberOptions, recovered: Recovered) {
    this.#core = buildCore(options, recovered, (from, call, answer) =>
      answerCall(this.#core, from, call, answer)
    )
    start(this.#core, recovered)
  }

  status(): ClusterStatus {
    return clusterStatus(this.#core)
  }

  /**
   * How long this member can do without a step if nothing happens, in milliseconds from the last
   * one: until its heartbeats are due, or a tick where each matters.
   */
  get restMs(): number {
    const { timers, groups, lifetimes, expiry, operations, metadata, clock } = this.#core
    const isUnderWay = metadata.isLeading && operations.isUnderWay
    const isBusy = this.#isDraining || timers.isWaiting || lifetimes.isNear || expiry.isNear
    const ticks = isBusy || isUnderWay ? 1 : groups.restTicks
    return Math.max(1, this.#tickedMs + ticks * times.tickMs - clock.nowMs)
  }

  counters(): MemberCounters {
    return this.#core.counters.read()
  }

  /** The machine of each replica as a hash: equal on all replicas at one index. For audits. */
  machineHashes(): readonly MachineHash[] {
    return this.#core.groups.machineHashes()
  }

  /** What it has in memory, between two steps. For audits. */
  memory(): NodeMemory {
    return memoryOf(this.#core)
  }

  /** Takes what happened, in order, and gives what is to be done, in order. */
  step(inputs: readonly Input[]): readonly Output[] {
    for (const input of inputs) this.#take(input)
    this.#work()
    return this.#core.outputs.splice(0)
  }

  #take(input: Input): void {
    const core = this.#core
    switch (input.type) {
      case 'tick':
        return this.#tick(input.nowMs, input.wallMs)
      case 'written':
        return core.commit.written(input.id)
      case 'read-done':
        return core.reads.done(input.id, input.results)
      case 'retained-done':
        return core.reads.retainedDone(input.id, input.entries)
      case 'peer-up':
        return this.#peerUp(input)
      case 'peer-down':
        return this.#peerDown(input.link)
      case 'peer-gone':
        return core.membership.nodeGone(input.node)
      case 'peer-frame':
        return this.#peerFrame(input.link, input.bytes)
      case 'client-up':
        return core.sessions.up(input)
      case 'client-bytes':
        return core.sessions.bytes(input.connection, input.bytes)
      case 'client-down':
        return core.sessions.down(input.connection)
      case 'client-drained':
        return core.sessions.drained(input.connection, input.bytes)
      case 'admin':
        return handleAdmin(core, input.id, input.request)
      case 'admin-gone':
        return core.logins.callerGone(input.id)
      case 'probe-done':
        return core.membership.probeDone(input.id, input.result)
      case 'password-verified':
        return core.logins.verified(input.id, input.isRight)
      case 'adopted':
        return core.membership.adopted(input.offer)
      case 'disk':
        return core.disk.measured(input.freeBytes, input.totalBytes)
      case 'drain':
        return this.#drain()
      default:
        return unreachable(input)
    }
  }

  #tick(nowMs: number, wallMs: number): void {
    const core = this.#core
    core.clock.advance(nowMs, wallMs)
    if (this.#tickedMs < 0) this.#tickedMs = nowMs
    const ticks = Math.floor((nowMs - this.#tickedMs) / times.tickMs)
    if (ticks === 0) return
    this.#tickedMs += ticks * times.tickMs
    core.groups.tick(ticks)
    core.contact.tick(ticks)
    core.timers.tick()
    core.calls.tick()
    core.lease.tick()
    core.fence.tick()
    core.topologyDriver.tick()
    core.exclusiveQueues.tick()
    core.lackingQueues.tick()
    core.reports.tick()
    core.regression.tick()
    core.membership.tick()
    core.reconciler.tick()
    core.deliveries.tick()
    core.lifetimes.tick()
    core.expiry.tick()
    core.leaderRelay.tick()
    core.snapshots.tick()
    core.disk.tick()
    core.scrubber.tick()
    if (nowMs - this.#sessionsTickedMs >= sessionTickMs) {
      this.#sessionsTickedMs = nowMs
      core.sessions.tick()
      core.deadLettering.tick()
    }
    if (this.#isDraining) this.#handOver()
  }

  #work(): void {
    const core = this.#core
    for (let round = 0; round < roundsMax; round++) {
      core.sessions.work()
      core.exclusiveQueues.flush()
      core.topologyDriver.flush()
      core.deadLettering.flush()
      core.gateway.flush()
      core.deliveries.flush()
      core.expiry.flush()
      const hasWorked = core.groups.work()
      core.shards.flush()
      core.lease.flush()
      core.fence.flush()
      core.agreement.flush()
      if (!hasWorked) break
    }
    core.snapshots.flush()
    core.reports.flush()
    core.sessions.flush()
    core.peers.flush()
    core.commit.flush()
  }

  #peerUp(input: Extract<Input, { type: 'peer-up' }>): void {
    const { peers, membership, gateway, groups, leaderRelay, reports } = this.#core
    const link = peers.up(input)
    membership.linkUp(link)
    reports.changed()
    if (link.lane === 'gateway' && link.node !== null) leaderRelay.linkUp(link.node)
    if (link.direction !== 'out' || link.node === null) return
    if (link.lane === 'gateway') gateway.linkUp(link.node)
    else groups.linkUp(link.node)
  }

  #peerDown(id: number): void {
    const { peers, calls, groups, gatewayRelay, leaderRelay, replies } = this.#core
    const link = peers.down(id)
    if (link?.node == null) return
    if (link.lane === 'gateway') {
      calls.nodeDown(link.node)
      gatewayRelay.linkDown(link.node)
      leaderRelay.linkDown(link.node)
      replies.linkDown(link.node)
    } else if (link.direction === 'out') groups.linkDown(link.node)
  }

  #peerFrame(id: number, bytes: Uint8Array): void {
    const core = this.#core
    const link = core.peers.link(id)
    if (link?.node == null || core.identity === null) return
    try {
      const frame = readPeerFrame(bytes)
      core.clock.heard(link.node, frame.wallMs)
      core.contact.heard(link.node)
      for (const message of frame.messages) this.#peerMessage(link, link.node, message)
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error
      const { code, message: reason } = error
      log(core, 'warn', 'a peer sent what cannot be read', { node: link.node, code, reason })
      core.peers.close(id)
    }
  }

  #peerMessage(link: Link, from: number, message: PeerMessage): void {
    const { groups, shards, gateway, calls } = this.#core
    switch (message.type) {
      case 'raft': {
        // What another incarnation of the node says is not what this link's process says.
        const sender = message.message.from
        const isSender = nodeOf(sender) === from && incarnationOf(sender) === link.incarnation
        if (isSender) groups.receive(message.group, message.message)
        return
      }
      case 'forward':
        return shards.forward(from, message)
      case 'forward-result':
        return gateway.result(message)
      case 'call':
        return calls.received(from, message.id, message.call)
      case 'result':
        return calls.result(from, message.id, message.result)
      case 'cast':
        return this.#cast(from, message.cast)
      case 'deliver':
        return hear(this.#core, from, message)
      default:
        return unreachable(message)
    }
  }

  #cast(from: number, cast: Cast): void {
    const { agreement, lease, reports, membership } = this.#core
    switch (cast.type) {
      case 'lease-renew':
        return lease.asked(from, cast.sequence, cast.applied, cast.term)
      case 'lease-grant':
        return lease.granted(cast.sequence, cast.term)
      case 'status':
        return reports.received(from, cast.groups, cast.isDraining)
      case 'machine-digest':
        return agreement.heard(from, cast)
      case 'relay-settle':
      case 'relay-settled':
      case 'relay-taken':
      case 'relay-prefetch':
      case 'relay-ended':
        return hear(this.#core, from, cast)
      case 'removed':
        return membership.removed()
      default:
        return unreachable(cast)
    }
  }

  #drain(): void {
    if (this.#isDraining) return
    this.#isDraining = true
    this.#drainedByMs = this.#core.clock.nowMs + times.callTimeoutMs / 2
    log(this.#core, 'info', 'handing over leadership before the process ends')
    this.#core.reports.drain()
    this.#handOver()
  }

  /**
   * Moves every leadership to a replica that is caught up; ends when none is left, or it takes too
   * long.
   */
  #handOver(): void {
    const { outputs, clock } = this.#core
    const ledCount = handOver(this.#core)
    if (ledCount > 0 && clock.nowMs < this.#drainedByMs) return
    outputs.push({ type: 'exit', code: 0, reason: 'stopped as asked' })
  }
}
