// The metadata group of this node: changes are committed by its leader, and answered once they are
// in force: on every node that may route (see lease.ts), and in the shard that has to know a new
// queue (see topology-driver.ts). Any node takes a change and brings it to the leader.
import {
  encodeMetadataCommand,
  type MetadataCommand,
  type MetadataEffect,
  type MetadataLimits,
  MetadataMachine,
  type MetadataResult,
  metadataLimits,
  packMetadataBatch
} from '@holdfast/broker'
import { HoldfastError, type WireError } from '@holdfast/errors'
import type { EntryId } from '@holdfast/raft'
import { tellChangesAnswered, tellMetadataApplied } from '../audit-calls.ts'
import type { Group, MachineHost } from '../consensus/group.ts'
import type { Core } from '../core.ts'
import { times } from '../limits.ts'
import { type Answer, errorResult } from '../peers/calls.ts'
import type { CallResult } from '../peers/peer-message.ts'
import { refusal } from '../sessions/responder.ts'

/** Proposals are encoded commands. */
export type MetadataGroup = Group<Uint8Array, MetadataResult>

/** A committed change whose answer waits until it is in force. */
interface Waiter {
  /** Entry of the latest change of the topology: who has applied it routes by all of them. */
  readonly index: number
  readonly sinceMs: number
  /** The queue change that a shard has to have taken; null if none. */
  readonly shard: { readonly group: number; readonly cursor: number } | null
  readonly answer: Answer
  readonly result: MetadataResult
}

interface Patience {
  readonly deadlineMs?: number
  readonly isGone?: () => boolean
}

/** Whether a refusal only says that this was the wrong node or moment. */
export function isTransient(error: WireError): boolean {
  return error.code === 'UNAVAILABLE' || error.code === 'NOT_LEADER'
}

export class Metadata implements MachineHost<Uint8Array, MetadataResult> {
  readonly #core: Core
  readonly #limits: MetadataLimits
  machine: MetadataMachine
  /** Null on a blank node. */
  group: MetadataGroup | null = null
  #waiters: Waiter[] = []

  constructor(core: Core) {
    this.#core = core
    this.#limits = { ...metadataLimits, snapshotPageBytes: core.tuning.snapshotPageBytes }
    this.machine = new MetadataMachine(this.#limits)
  }

  /** The machine begins anew from a snapshot. */
  restore(manifest: Uint8Array, blobs: ReadonlyMap<number, Uint8Array>): void {
    this.machine = MetadataMachine.restore(manifest, blobs, this.#limits)
    this.#core.authorization.changed()
    this.#core.exclusiveQueues.lookAgain()
  }

  get timeMs(): number {
    return this.machine.timeMs
  }

  get isLeading(): boolean {
    return this.group?.isLeading ?? false
  }

  /** Highest index this node's machine has applied. */
  get appliedIndex(): number {
    return this.group?.raft.appliedIndex ?? 0
  }

  encode(timeMs: number, commands: readonly Uint8Array[]): Uint8Array {
    return packMetadataBatch(timeMs, commands)
  }

  sizeOf(command: Uint8Array): number {
    return command.length
  }

  apply(id: EntryId, data: Uint8Array): readonly MetadataResult[] {
    const applied = this.machine.apply(id, data)
    const { results } = applied
    tellMetadataApplied(this.#core, { id, data, machine: this.machine, results })
    for (const effect of applied.effects) this.#effect(effect)
    return results
  }

  #effect(effect: MetadataEffect): void {
    switch (effect.type) {
      case 'queue-created':
        return this.#core.exclusiveQueues.created(effect.queue)
      case 'topology-changed':
        return this.#core.lease.lookAgain()
      case 'access-changed':
        return this.#core.authorization.changed()
      case 'nodes-changed':
        return this.#core.membership.nodesChanged()
      default:
    }
  }

  /**
   * Takes a change on any node, and sees to it until it is answered, `deadlineMs` has passed, or
   * nobody waits for it any more.
   */
  submit(
    command: MetadataCommand,
    answer: (result: MetadataResult) => void,
    patience: Patience = {}
  ): void {
    const { clock, calls, timers } = this.#core
    const { deadlineMs = clock.nowMs + times.requestTimeoutMs, isGone = () => false } = patience
    const again = (reason: string): void => {
      if (clock.nowMs >= deadlineMs) return answer({ error: refusal('UNAVAILABLE', { reason }) })
      timers.after(times.retryMs, () => {
        if (!isGone()) this.submit(command, answer, { deadlineMs, isGone })
      })
    }
    const leader = this.group?.leaderNode ?? null
    if (leader === null) return again('there is no metadata leader')
    calls.call(leader, { type: 'metadata', command }, (result: CallResult) => {
      if (result.type === 'reply') return answer(result.reply as MetadataResult)
      if (result.type === 'error' && !isTransient(result.error)) {
        return answer({ error: result.error })
      }
      again('the metadata leader gave no answer')
    })
  }

  /** At the leader: commits a change, and answers when it is in force everywhere. */
  change(command: MetadataCommand, answer: Answer): void {
    const encoded = encode(command)
    if ('error' in encoded) return answer({ type: 'reply', reply: encoded })
    const isOffered = this.group?.offer(encoded.bytes, (result) => {
      if (result === null) return answer(this.#notLeader())
      const reply = 'reply' in result ? result.reply : null
      const isQueue = reply?.type === 'queue' || reply?.type === 'queue-deleted'
      const shard = isQueue ? { group: reply.group, cursor: reply.cursor } : null
      // What was so already is answered at once, if everybody knows it; and what is refused, which
      // may be because it was done before an answer was lost.
      const index = this.machine.topology.revision
      const sinceMs = this.#core.clock.nowMs
      this.#waiters.push({ index, sinceMs, shard, answer, result })
      this.#core.lease.lookAgain()
    })
    if (isOffered !== true) answer(this.#notLeader())
  }

  /** At the leader: commits without waiting for anybody; for the cluster's own bookkeeping. */
  propose(command: MetadataCommand, done: (result: MetadataResult | null) => void): void {
    const encoded = encode(command)
    if ('error' in encoded) return done(encoded)
    if (this.group?.offer(encoded.bytes, done) !== true) done(null)
  }

  /** Highest index of a change that has waited for so many milliseconds; 0 if none has. */
  waitingFor(ms: number): number {
    const beforeMs = this.#core.clock.nowMs - ms
    const waiting = this.#waiters.filter(({ sinceMs }) => sinceMs <= beforeMs)
    return waiting.reduce((highest, { index }) => Math.max(highest, index), 0)
  }

  /** Answers changes that are in force by now, and those that waited as long as a call does. */
  answerWaiters(): void {
    if (this.#waiters.length === 0) return
    this.#giveUp()
    const { lease, topologyDriver } = this.#core
    const inForce = lease.inForceIndex()
    const isDone = ({ index, shard }: Waiter): boolean =>
      index <= inForce && (shard === null || topologyDriver.hasTaken(shard.group, shard.cursor))
    const done = this.#waiters.filter(isDone)
    if (done.length === 0) return
    this.#waiters = this.#waiters.filter((waiter) => !isDone(waiter))
    for (const { index } of done) {
      lease.answered(index)
      tellChangesAnswered(this.#core, index)
    }
    for (const { answer, result } of done) answer({ type: 'reply', reply: result })
  }

  /** Their callers ask again, until their own deadline: a shard without a leader takes nothing. */
  #giveUp(): void {
    const sinceMs = this.#core.clock.nowMs - times.callTimeoutMs
    const count = this.#waiters.findIndex((waiter) => waiter.sinceMs > sinceMs)
    const late = this.#waiters.splice(0, count < 0 ? this.#waiters.length : count)
    if (late.length === 0) return
    const error = new HoldfastError('UNAVAILABLE', { reason: 'the change is not in force yet' })
    for (const { answer } of late) answer(errorResult(error))
  }

  /** Leadership is lost: the changes may be in force or not; their callers ask again. */
  leadershipLost(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const { answer } of waiters) answer(this.#notLeader())
  }

  #notLeader(): CallResult {
    const leader = this.group?.leaderNode ?? 0
    return errorResult(new HoldfastError('NOT_LEADER', { group: 0, leader }))
  }
}

/** What a client asks for may not fit into a command: that is its refusal, and nobody's end. */
function encode(
  command: MetadataCommand
): { readonly bytes: Uint8Array } | { readonly error: WireError } {
  try {
    return { bytes: encodeMetadataCommand(command) }
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
    return { error: error.toWire() }
  }
}
