// The consumers of clients that are connected here, wherever their queues are led: which of them an
// attachment or a settlement belongs to.
import type { WireError } from '@holdfast/errors'
import type { DeliveryRun } from '@holdfast/protocol'
import { tellRelaySettled } from '../audit-calls.ts'
import type { Core } from '../core.ts'
import type { GroupId } from '../log-store.ts'
import type { Answer } from '../peers/calls.ts'
import type { ClientConsumer } from './client-consumer.ts'
import { tell } from './tell.ts'

/** A new leader of a shard asks whether all that hold something of it here are back. */
interface Roll {
  readonly missing: Set<ClientConsumer>
  readonly answer: Answer
}

/** Attachments of one process; those of the next on this node are others. */
const attachmentsPerProcess = 2 ** 31
const processesTold = 2 ** 21

export class GatewayRelay {
  readonly #core: Core
  /** Those that have not ended. */
  readonly #consumers = new Set<ClientConsumer>()
  readonly #attachments = new Map<number, ClientConsumer>()
  readonly #settling = new Map<number, ClientConsumer>()
  /** Of the newest leader of each shard. */
  readonly #rolls = new Map<GroupId, Roll>()
  #lastAttachment: number
  #lastSequence = 0

  constructor(core: Core) {
    this.#core = core
    const { processEpoch } = core.options
    this.#lastAttachment = (processEpoch % processesTold) * attachmentsPerProcess
  }

  /** Settlements and roll calls without an answer. */
  get openCount(): number {
    return this.#settling.size + this.#rolls.size
  }

  add(consumer: ClientConsumer): void {
    this.#consumers.add(consumer)
  }

  /** The consumer has ended. */
  remove(consumer: ClientConsumer): void {
    this.#consumers.delete(consumer)
    this.claimed(consumer)
  }

  /** Answered when all that hold something of the shard here are attached with it. */
  roll(from: number, group: GroupId, answer: Answer): void {
    const missing = new Set<ClientConsumer>()
    for (const consumer of this.#consumers) {
      if (consumer.queue.group === group && !consumer.hasClaimedAt(from)) missing.add(consumer)
    }
    this.#rolls.set(group, { missing, answer })
    this.#answerRoll(group)
  }

  /** A leader knows what the consumer holds. */
  claimed(consumer: ClientConsumer): void {
    const { group } = consumer.queue
    if (this.#rolls.get(group)?.missing.delete(consumer) === true) this.#answerRoll(group)
  }

  #answerRoll(group: GroupId): void {
    const roll = this.#rolls.get(group)
    if (roll === undefined || roll.missing.size > 0) return
    this.#rolls.delete(group)
    roll.answer({ type: 'done' })
  }

  /** A number for the next attempt of a consumer to attach. */
  attach(consumer: ClientConsumer): number {
    this.#lastAttachment++
    this.#attachments.set(this.#lastAttachment, consumer)
    return this.#lastAttachment
  }

  /** What still comes for it is not looked at. */
  forget(attachment: number): void {
    this.#attachments.delete(attachment)
  }

  /** A number for a settlement. */
  settle(consumer: ClientConsumer): number {
    this.#lastSequence++
    this.#settling.set(this.#lastSequence, consumer)
    return this.#lastSequence
  }

  forgetSettlement(settleSequence: number): void {
    this.#settling.delete(settleSequence)
  }

  deliver(from: number, run: DeliveryRun): void {
    const { consumer: attachment } = run
    // No attachment: a reply, whose routing key names who gets it.
    if (attachment === 0) return this.#core.replies.received(from, run)
    const consumer = this.#attachments.get(attachment)
    if (consumer !== undefined) return consumer.deliver(run)
    // Nobody waits for it: attached by a call whose answer was lost.
    const { calls } = this.#core
    calls.insist(from, { type: 'relay-detach', attachment }, () => undefined)
  }

  settled(settleSequence: number): void {
    const consumer = this.#settling.get(settleSequence)
    this.#settling.delete(settleSequence)
    if (consumer === undefined) return
    tellRelaySettled(this.#core, consumer.queue, consumer.settled(settleSequence))
  }

  ended(attachment: number, error: WireError): void {
    this.#attachments.get(attachment)?.ended(attachment, error)
  }

  /** What was under way to and from the node may be lost. */
  linkDown(node: number): void {
    for (const consumer of new Set(this.#attachments.values())) consumer.linkDown(node)
  }

  taken(node: number, attachment: number, bytes: number): void {
    tell(this.#core, node, { type: 'relay-taken', attachment, bytes })
  }
}
