// Consumers of clients that are connected to any node, at the leader of their queues: attached by
// the gateway that the client is connected to, and given up when that gateway is gone for good.
import type { ShardCommand } from '@holdfast/broker'
import { HoldfastError } from '@holdfast/errors'
import type { Core } from '../core.ts'
import { keyText } from '../delivering/consumer.ts'
import { graceMs } from '../delivering/grace.ts'
import { times } from '../limits.ts'
import type { GroupId } from '../log-store.ts'
import { type Answer, errorResult } from '../peers/calls.ts'
import type { Call, CallResult, Cast, RelayedTo } from '../peers/peer-message.ts'
import { refusal } from '../sessions/responder.ts'
import { RelayedClient } from './relayed-client.ts'
import { RelayedConsumer, type RelayedOptions } from './relayed-consumer.ts'
import { tell } from './tell.ts'

type Attach = Extract<Call, { type: 'relay-attach' }>
type Get = Extract<Call, { type: 'relay-get' }>
type Settle = Extract<Cast, { type: 'relay-settle' }>

type Ways = Pick<RelayedOptions, 'prefetch' | 'priority'>

/** A call that is answered when the log has something, or not at all. */
interface Waiting {
  readonly group: GroupId
  readonly answer: Answer
}

export class LeaderRelay {
  readonly #core: Core
  /** By node and attachment. */
  readonly #consumers = new Map<string, RelayedConsumer>()
  readonly #clients = new Map<string, RelayedClient>()
  readonly #waiting = new Set<Waiting>()

  constructor(core: Core) {
    this.#core = core
  }

  /** Calls without an answer. */
  get waitingCount(): number {
    return this.#waiting.size
  }

  /** What clients were given and have not taken, as counted for each consumer and each client. */
  get untakenBytes(): number {
    const all = [...this.#consumers.values(), ...this.#clients.values()]
    return all.reduce((sum, { untakenBytes }) => sum + untakenBytes, 0)
  }

  /** Attaches a consumer, which may be attached already: by another number, or on a broken link. */
  attach(
    from: number,
    { type: _, prefetch, exclusive, priority, resume, isIdle, ...to }: Attach,
    answer: Answer
  ): void {
    const { deliveries, shards } = this.#core
    const { group, queue, consumer } = to
    const entry = this.#create(from, to, { prefetch, priority })
    const fail = (result: CallResult): void => {
      this.#forget(entry)
      answer(result)
    }
    const logged = (): void => {
      // What is resumed is held before the gateway, which may be this node's own, settles it.
      if (!this.#begin(entry, resume, isIdle)) return fail(this.#notHere(to))
      answer({ type: 'done' })
    }
    if (isIdle && !this.#isConsumer(to)) return logged()
    const options = { prefetch, autoAck: false, exclusive, priority }
    const command: ShardCommand = isIdle
      ? { type: 'detach-consumer', queue, consumer, release: [] }
      : { type: 'attach-consumer', queue, consumer, ...options }
    const arrived = deliveries.expect(group, queue, consumer)
    const isTaken = shards.propose(group, command, (reply) => {
      arrived()
      if (reply === null) return fail(this.#notLeader(group))
      if (reply.type === 'refused') {
        return fail({ type: 'error', error: refusal(reply.code, reply.details) })
      }
      logged()
    })
    if (isTaken) return
    arrived()
    fail(this.#notLeader(group))
  }

  /** Whether the log knows it as a consumer of the queue, or is about to. */
  #isConsumer({ group, queue, consumer }: RelayedTo): boolean {
    const { deliveries, groups } = this.#core
    const consumers = groups.shardHost(group)?.machine.queue(queue)?.consumers
    return consumers?.has(keyText(consumer)) === true || deliveries.expects(group, queue, consumer)
  }

  /** The log has the attachment: deliveries begin, unless the client is gone by now. */
  #begin(entry: RelayedConsumer, resume: readonly number[] | null, isIdle: boolean): boolean {
    const { deliveries } = this.#core
    const { group, queue } = entry.to
    if (!deliveries.attach(group, queue, entry.consumer, resume, isIdle)) return false
    entry.isAttached = true
    if (entry.isReleased) this.#release(entry)
    else if (entry.isStopped) deliveries.stop(group, queue, entry.consumer, () => undefined)
    return true
  }

  /** One message for a client that asks for it: that is use of a queue which would expire. */
  get(from: number, { type: _, ...to }: Get, answer: Answer): void {
    const { group, queue } = to
    const { groups, shards } = this.#core
    const found = groups.shardHost(group)?.machine.queue(queue)
    if (found?.isOver === true) return answer(this.#notHere(to))
    let entry = this.#find(from, to.attachment)
    if (entry === null) {
      entry = this.#create(from, to, { prefetch: 1, priority: 0 })
      if (!this.#begin(entry, null, true)) {
        this.#forget(entry)
        return answer(this.#notHere(to))
      }
    }
    const getter = entry
    if (found === undefined || found.settings.expiresMs === 0) return this.#ask(getter, answer)
    const isTaken = shards.propose(group, { type: 'use-queue', queue }, (reply) => {
      if (reply === null) return answer(this.#notLeader(group))
      const isThere = this.#consumers.has(keyOf(getter))
      if (reply.type === 'done' && isThere) this.#ask(getter, answer)
      else answer(this.#notHere(to))
    })
    if (!isTaken) answer(this.#notLeader(group))
  }

  #ask({ to: { group, queue }, consumer }: RelayedConsumer, answer: Answer): void {
    const { deliveries } = this.#core
    const done = this.#wait(group, answer)
    deliveries.get(group, queue, {
      consumer,
      answered: (isFound) => {
        done({ type: 'got', isFound, ready: deliveries.counts(group, queue)?.ready ?? 0 })
      }
    })
  }

  settle(from: number, { attachment, ...event }: Settle): void {
    const entry = this.#find(from, attachment)
    if (entry === null) return this.#unknown(from, attachment)
    const { group, queue } = entry.to
    try {
      this.#core.deliveries.settle(group, queue, entry.consumer, event)
    } catch (error) {
      // It believes to hold much that it does not: it begins anew.
      if (!(error instanceof HoldfastError)) throw error
      this.#release(entry)
      this.#unknown(from, attachment)
    }
  }

  taken(from: number, attachment: number, bytes: number): void {
    this.#find(from, attachment)?.taken(bytes)
  }

  setPrefetch(from: number, attachment: number, prefetch: number): void {
    const entry = this.#find(from, attachment)
    if (entry === null) return
    entry.consumer.prefetch = prefetch
    this.#core.deliveries.find(entry.to.group, entry.to.queue)?.wake()
  }

  stop(from: number, attachment: number, answer: Answer): void {
    const entry = this.#find(from, attachment)
    if (entry === null) return answer({ type: 'done' })
    entry.isStopped = true
    if (!entry.isAttached) return answer({ type: 'done' })
    const { group, queue } = entry.to
    const done = this.#waitForEnd(entry, answer)
    this.#core.deliveries.stop(group, queue, entry.consumer, done)
  }

  detach(from: number, attachment: number, answer: Answer): void {
    const entry = this.#find(from, attachment)
    if (entry === null) return answer({ type: 'done' })
    entry.isReleased = true
    if (!entry.isAttached) return answer({ type: 'done' })
    this.#release(entry, this.#waitForEnd(entry, answer))
  }

  /** What was sent may be lost; the gateway attaches its consumers again, with what they hold. */
  linkDown(node: number): void {
    for (const entry of this.#consumers.values()) {
      if (entry.node !== node) continue
      entry.isEarly = false
      this.#suspend(entry)
    }
  }

  /**
   * What broke with a link is attached anew by the gateway. What came before there was one is, too:
   * all that it was told is lost, and a link of the gateway that broke may have ended it there.
   */
  linkUp(node: number): void {
    if (!this.#core.peers.canCall(node)) return
    for (const entry of this.#consumers.values()) {
      if (entry.node !== node || !entry.isEarly) continue
      entry.isEarly = false
      entry.suspendedSinceMs = this.#core.clock.nowMs
      this.#unknown(node, entry.to.attachment)
    }
  }

  #suspend(entry: RelayedConsumer): void {
    entry.suspendedSinceMs ??= this.#core.clock.nowMs
  }

  /** A gateway that does not come back is gone, and its clients with it. */
  tick(): void {
    const { nowMs } = this.#core.clock
    for (const entry of this.#consumers.values()) {
      const { suspendedSinceMs } = entry
      if (suspendedSinceMs === null) continue
      if (nowMs - suspendedSinceMs < this.#graceMs(entry.to)) continue
      entry.isReleased = true
      if (entry.isAttached) this.#release(entry)
    }
  }

  #graceMs({ group, queue, consumer }: RelayedTo): number {
    const found = this.#core.groups.shardHost(group)?.machine.queue(queue)
    if (found === undefined) return times.reattachGraceMs
    return graceMs(found, found.consumers.has(keyText(consumer)) ? 1 : 0)
  }

  /** What waits for the log of a shard that is led elsewhere now is not answered by it. */
  leadershipChanged(group: GroupId): void {
    for (const waiting of this.#waiting) {
      if (waiting.group !== group) continue
      this.#waiting.delete(waiting)
      waiting.answer(this.#notLeader(group))
    }
  }

  #release(entry: RelayedConsumer, done?: () => void): void {
    const { group, queue } = entry.to
    this.#forget(entry)
    this.#core.deliveries.detach(group, queue, entry.consumer, done)
  }

  /** Of a gateway that believes in it: it attaches again. */
  #unknown(from: number, attachment: number): void {
    const error = new HoldfastError('UNAVAILABLE', { reason: 'the attachment has ended' }).toWire()
    tell(this.#core, from, { type: 'relay-ended', attachment, error })
  }

  /** As in RabbitMQ, a queue that goes with its last consumer is gone once that is told so. */
  #waitForEnd({ to: { group, queue } }: RelayedConsumer, answer: Answer): () => void {
    const done = this.#wait(group, answer)
    const { lifetimes } = this.#core
    return () => lifetimes.whenDeleted(group, queue, () => done({ type: 'done' }))
  }

  #wait(group: GroupId, answer: Answer): Answer {
    const waiting = { group, answer }
    this.#waiting.add(waiting)
    return (result) => {
      if (this.#waiting.delete(waiting)) answer(result)
    }
  }

  #create(node: number, to: RelayedTo, ways: Ways): RelayedConsumer {
    const { session } = to.consumer
    const client = this.#clients.get(session) ?? new RelayedClient(session)
    this.#clients.set(session, client)
    const forget = (entry: RelayedConsumer): void => this.#forget(entry)
    const entry = new RelayedConsumer(this.#core, node, to, client, { ...ways, forget })
    this.#consumers.set(keyOf(entry), entry)
    const { identity, peers } = this.#core
    entry.isEarly = node !== identity?.node && !peers.canCall(node)
    if (entry.isEarly) this.#suspend(entry)
    return entry
  }

  #find(node: number, attachment: number): RelayedConsumer | null {
    return this.#consumers.get(`${node}/${attachment}`) ?? null
  }

  #forget(entry: RelayedConsumer): void {
    if (!this.#consumers.delete(keyOf(entry))) return
    entry.end()
    if (entry.client.consumers === 0) this.#clients.delete(entry.client.session)
  }

  /** The shard knows no name of a queue that it does not have; who asks does. */
  #notHere({ group, queue }: RelayedTo): CallResult {
    if (this.#core.groups.shard(group)?.isLeading !== true) return this.#notLeader(group)
    return errorResult(new HoldfastError('QUEUE_NOT_FOUND', { queue, vhost: '' }))
  }

  #notLeader(group: GroupId): Extract<CallResult, { type: 'error' }> {
    const leader = this.#core.reports.locate(group) ?? 0
    return errorResult(new HoldfastError('NOT_LEADER', { group, leader }))
  }
}

function keyOf({ node, to }: RelayedConsumer): string {
  return `${node}/${to.attachment}`
}
