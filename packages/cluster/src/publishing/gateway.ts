// The gateway of this node: brings what its clients publish to the shards, in order, and tells them
// the outcome when every shard has answered. Routing happens here, under the lease, on this node's
// replica of the metadata.
import { nativeAt } from '@holdfast/amqp'
import { type HeaderSource, type Headers, type QueueTarget, RouteTargets } from '@holdfast/broker'
import { type ErrorCode, HoldfastError, unreachable, type WireError } from '@holdfast/errors'
import { tellRoutes } from '../audit-calls.ts'
import type { Core } from '../core.ts'
import type { GroupId } from '../log-store.ts'
import type { ForwardOutcome, ForwardResult } from '../peers/peer-codec.ts'
import { SharedRoom } from '../peers/shared-room.ts'
import { refusal } from '../sessions/responder.ts'
import type { Batch, Publish } from './publish.ts'
import { ShardStream, type Transaction } from './shard-stream.ts'

/** What routing says of a batch. */
export type Routing =
  | {
      readonly type: 'targets'
      readonly targets: readonly QueueTarget[]
      readonly perRecord: boolean
    }
  | { readonly type: 'nowhere' }
  /** Final only once this node is current. */
  | {
      readonly type: 'refused'
      readonly code: 'EXCHANGE_INTERNAL' | 'EXCHANGE_NOT_FOUND' | 'VHOST_NOT_FOUND'
    }
  /** No lease: hold the publish until there is one. */
  | { readonly type: 'wait' }

/** What routing has to know of a batch. */
type Routed = Pick<Batch, 'exchange' | 'routingKey' | 'copies' | 'blob' | 'deadLetter'>

export class Gateway {
  readonly #core: Core
  readonly #targets = new RouteTargets()
  readonly #streams = new Map<GroupId, ShardStream>()
  /** Null until the record that makes this process's epoch unique is durable. */
  #epoch: number | null = null
  #pendingBytes = 0
  /** To each leader. */
  readonly #room: SharedRoom<ShardStream>

  constructor(core: Core) {
    this.#core = core
    this.#room = new SharedRoom(core.tuning.laneBytesMax, (leader) => {
      let bytes = 0
      for (const stream of this.#streams.values()) bytes += stream.underWayTo(leader)
      return bytes
    })
  }

  /** Numbers of an earlier process cannot be mistaken for this one's from here on. */
  open(record: number): void {
    this.#epoch = record
  }

  /** Above those of all former processes of this replica; 0 before that is sure. */
  get epoch(): number {
    return this.#epoch ?? 0
  }

  /** Publishes of clients that are not decided, also of those that have left meanwhile. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  get isOpen(): boolean {
    return this.#epoch !== null && this.#core.identity !== null
  }

  /**
   * Routes by this node's replica of the metadata. Straight to a queue needs no lease, as its shard
   * knows it; whether a client may publish there does (docs/adr/0024).
   */
  route(vhost: string, batch: Routed): Routing {
    const { exchange, routingKey, copies, blob, deadLetter } = batch
    const { lease, metadata } = this.#core
    if (!this.isOpen || (exchange !== '' && !lease.isValid)) return { type: 'wait' }
    let perRecord = false
    const headers: HeaderSource = () => {
      perRecord = true
      return readHeaders(blob)
    }
    const { topology } = metadata.machine
    const options = { isInside: deadLetter !== undefined, copies }
    const result = topology.route(vhost, exchange, routingKey, headers, this.#targets, options)
    switch (result) {
      case 'exchange-internal':
        return { type: 'refused', code: 'EXCHANGE_INTERNAL' }
      case 'vhost-not-found':
        return { type: 'refused', code: 'VHOST_NOT_FOUND' }
      case 'exchange-not-found':
        return { type: 'refused', code: 'EXCHANGE_NOT_FOUND' }
      case 'routed':
      case 'unroutable':
        break
      default:
        return unreachable(result)
    }
    let targets = this.#targets.toArray()
    if (deadLetter !== undefined) {
      targets = targets.filter(({ name }) => !deadLetter.barred.has(name))
    }
    // What is refused is refused message by message.
    perRecord ||= targets.some((target) => target.refusesWhenFull)
    if (targets.length === 0 && !perRecord) return { type: 'nowhere' }
    return { type: 'targets', targets, perRecord }
  }

  /** Sends a routed batch to its shards; its outcome reaches the origin later. */
  send(publish: Publish, targets: readonly QueueTarget[]): void {
    const first = targets[0]
    // Straight to a queue it needs no lease, and may have begun before what was answered since.
    if (publish.batch.exchange !== '') tellRoutes(this.#core)
    if (first === undefined) return this.#finish(publish)
    this.#pendingBytes += pendingBytesOf(publish)
    if (targets.every((target) => target.group === first.group)) {
      publish.shardsWaiting = 1
      publish.queuesLeft = targets.length
      this.#push(
        first.group,
        publish,
        targets.map((target) => target.id)
      )
      return
    }
    const shards = new Map<GroupId, number[]>()
    for (const { group, id } of targets) {
      const queues = shards.get(group)
      if (queues === undefined) shards.set(group, [id])
      else queues.push(id)
    }
    publish.shardsWaiting = shards.size
    publish.queuesLeft = targets.length
    for (const [group, queues] of shards) this.#push(group, publish, queues)
  }

  #push(group: GroupId, publish: Publish, queues: readonly number[]): void {
    if (publish.batch.deadLetter !== undefined) this.#core.deadLettering.sent(group, publish)
    this.#stream(group).push(publish, queues)
  }

  /** Brings publishes and settlements to one shard, as one. */
  commit(
    group: GroupId,
    transaction: Transaction,
    onOutcome: (outcome: ForwardOutcome) => void
  ): void {
    if (transaction.publishes.some(({ exchange }) => exchange !== '')) tellRoutes(this.#core)
    this.#stream(group).pushTransaction(transaction, onOutcome)
  }

  result(message: ForwardResult): void {
    this.#streams.get(message.group)?.result(message.epoch, message.outcomes)
  }

  leaseRenewed(): void {
    this.#core.sessions.resumeHeld()
    this.#core.deadLettering.resumeHeld()
  }

  linkUp(node: number): void {
    for (const stream of this.#streams.values()) stream.linkUp(node)
  }

  flush(): void {
    for (const stream of this.#room.inTurn(this.#streams.values())) stream.flush()
  }

  /** Whether a stream may send so many bytes to a leader beside what all have under way to it. */
  admits(stream: ShardStream, leader: number, bytes: number): boolean {
    return this.#room.admits(stream, leader, bytes)
  }

  #stream(group: GroupId): ShardStream {
    let stream = this.#streams.get(group)
    if (stream === undefined) {
      stream = new ShardStream(this.#core, group, this.#epoch ?? 0, (publish, outcome) => {
        this.#outcome(group, publish, outcome)
      })
      this.#streams.set(group, stream)
    }
    return stream
  }

  #outcome(group: GroupId, publish: Publish, outcome: ForwardOutcome): void {
    const { batch } = publish
    if (batch.deadLetter !== undefined) this.#core.deadLettering.answered(group, batch, outcome)
    publish.shardsWaiting--
    if (outcome.type === 'missing') publish.queuesLeft -= outcome.queues.length
    if (outcome.type === 'refused') publish.error = refusalOf(outcome)
    if (publish.shardsWaiting > 0) return
    this.#pendingBytes -= pendingBytesOf(publish)
    this.#core.sessions.lessUnderWay()
    if (publish.error === null && publish.queuesLeft <= 0) publish.origin.returned(publish)
    else this.#finish(publish)
  }

  /** Every shard has answered: confirms, returns, or reports the refusal. */
  #finish(publish: Publish): void {
    const { batch, origin, error } = publish
    const { count, exchange, routingKey } = batch
    if (error !== null) return origin.failed(batch, error)
    if (publish.queuesLeft <= 0 && batch.mandatory) {
      if (batch.deadLetter === undefined) this.#core.counters.returnedMessages += count
      const unroutable = new HoldfastError('MESSAGE_UNROUTABLE', { exchange, routingKey })
      return origin.failed(batch, unroutable.toWire())
    }
    origin.confirmed(batch)
  }
}

/** Dead letters have a bound of their own, and hold up no clients. */
function pendingBytesOf({ batch }: Publish): number {
  return batch.deadLetter === undefined ? batch.blob.length : 0
}

/**
 * Records are known to be whole when they come to a gateway. What a machine found malformed is
 * therefore what a leader put in the place of a publish, under its number, because its disk was
 * nearly full; and that leader died before it could say so.
 */
export function refusalOf(outcome: Extract<ForwardOutcome, { type: 'refused' }>): WireError {
  if (outcome.code !== 'FRAME_INVALID') return refusal(outcome.code as ErrorCode, outcome.details)
  const reason = 'the disk of the leader was nearly full, and the leader died; it was not taken'
  return refusal('UNAVAILABLE', { reason })
}

function readHeaders(blob: Uint8Array): Headers {
  return nativeAt(blob, 0)?.headers ?? null
}
