// The shards of this node, and the way to the leaders of all. At a leader: sections of publishes
// and commands become entries; what the machine answers goes back to the gateway or the caller.
import {
  encodeCommandSection,
  encodeEntryBatch,
  encodePublishSection,
  type PublishHeader,
  readForwarded,
  type SectionReply,
  type ShardCommand,
  type ShardMachine,
  type TransactionHeader,
  withoutRecords
} from '@holdfast/broker'
import { HoldfastError } from '@holdfast/errors'
import type { EntryId } from '@holdfast/raft'
import { tellShardApplied } from '../audit-calls.ts'
import type { Group, MachineHost } from '../consensus/group.ts'
import type { Core } from '../core.ts'
import { settledTogether } from '../delivering/transactions.ts'
import type { GroupId } from '../log-store.ts'
import { join } from '../peers/byte-writer.ts'
import { type Answer, errorResult } from '../peers/calls.ts'
import type { Forward, ForwardOutcome } from '../peers/peer-codec.ts'
import type { CallResult } from '../peers/peer-message.ts'
import { purge, withHeld } from './purging.ts'

export type ShardGroup = Group<Uint8Array, SectionReply>

/** Connects a shard's machine with its Raft group; on the leader its effects wake deliveries. */
export class ShardHost implements MachineHost<Uint8Array, SectionReply> {
  readonly #core: Core
  readonly #group: GroupId
  readonly machine: ShardMachine

  constructor(core: Core, group: GroupId, machine: ShardMachine) {
    this.#core = core
    this.#group = group
    this.machine = machine
  }

  get timeMs(): number {
    return this.machine.timeMs
  }

  /** Dispatch marks that are due ride along at the end, where they shift no reply. */
  encode(timeMs: number, sections: readonly Uint8Array[]): Uint8Array {
    const marks = this.#core.deliveries.takeMarks(this.#group)
    if (marks === null) return encodeEntryBatch(timeMs, sections)
    return encodeEntryBatch(timeMs, [...sections, encodeCommandSection(marks)])
  }

  sizeOf(section: Uint8Array): number {
    return section.length
  }

  apply(id: EntryId, data: Uint8Array): readonly SectionReply[] {
    const { machine } = this
    const applied = machine.apply(id, data)
    tellShardApplied(this.#core, this.#group, { id, data, machine, ...applied })
    this.#core.deliveries.applied(this.#group, applied.effects)
    this.#core.lifetimes.applied(this.#group, applied.effects)
    this.#core.deadLettering.applied(this.#group, applied.effects)
    return applied.replies
  }
}

/** Sections a gateway sent: the number that may come next, in this term of the leader. */
interface GatewayCursor {
  readonly epoch: number
  expected: number
  /** Taken and not answered: what comes again meanwhile is on its way already. */
  readonly pending: Set<number>
}

/** Outcomes that wait for the end of the step, so that runs of them become one. */
interface Results {
  readonly node: number
  readonly group: GroupId
  readonly epoch: number
  readonly outcomes: ForwardOutcome[]
}

export class Shards {
  readonly #core: Core
  readonly #cursors = new Map<GroupId, Map<number, GatewayCursor>>()
  #results: Results[] = []

  constructor(core: Core) {
    this.#core = core
  }

  /**
   * Brings a command to the shard's leader once. Null: it may not have been committed; ask again.
   */
  submit(group: GroupId, command: ShardCommand, done: (reply: SectionReply | null) => void): void {
    const leader = this.#core.reports.locate(group)
    if (leader === null) return done(null)
    this.#core.calls.call(leader, { type: 'shard', group, command }, (result: CallResult) => {
      done(result.type === 'reply' ? (result.reply as SectionReply) : null)
    })
  }

  /** At the leader: commits a command of another part or node. */
  command(group: GroupId, asked: ShardCommand, answer: Answer): void {
    const decided = (reply: SectionReply | null): void => {
      if (reply === null) return answer(this.#notLeader(group))
      answer({ type: 'reply', reply: this.#readyOnly(group, asked, reply) })
    }
    if (asked.type === 'purge-queue') return purge(this.#core, group, asked.queue, decided)
    const command = withHeld(this.#core, group, asked)
    if (command === null || !this.propose(group, command, decided)) decided(null)
  }

  /** As in RabbitMQ, a queue that goes held what was ready: what consumers hold does not count. */
  #readyOnly(group: GroupId, asked: ShardCommand, reply: SectionReply): SectionReply {
    if (asked.type !== 'delete-queue-if' || reply.type !== 'closing') return reply
    const { ready } = this.#core.deliveries.counts(group, asked.queue) ?? { ready: reply.messages }
    return { ...reply, messages: Math.min(reply.messages, ready) }
  }

  propose(
    group: GroupId,
    command: ShardCommand,
    done: (reply: SectionReply | null) => void
  ): boolean {
    const { groups, lackingQueues } = this.#core
    const { machine } = groups.shardHost(group) ?? {}
    // It is refused; whoever asks again finds the queue, if there is to be one.
    const isAbsent = 'queue' in command && machine?.queue(command.queue) === undefined
    if (isAbsent) lackingQueues.isToCome(group, command.queue)
    return groups.shard(group)?.offer(encodeCommandSection(command), done) ?? false
  }

  leadershipChanged(group: GroupId): void {
    this.#cursors.delete(group)
  }

  /** Publishes of a gateway, this node's own included, arrive in order of their numbers. */
  forward(from: number, forward: Forward): void {
    for (const { number, bytes } of forward.sections) {
      const again = this.#take(from, forward, number, bytes)
      if (again === null) continue
      const outcome: ForwardOutcome = { type: 'again', from: again }
      return this.#result(from, forward.group, forward.epoch, outcome)
    }
  }

  /** Null: taken; else the number from which on all must come again. */
  #take(from: number, forward: Forward, number: number, bytes: Uint8Array): number | null {
    const { group, epoch } = forward
    const shard = this.#core.groups.shard(group)
    const host = this.#core.groups.shardHost(group)
    if (shard === undefined || host === undefined || !shard.isLeading) return number
    const header = readForwarded(bytes)
    const cursor = this.#cursor(group, from, epoch, number)
    // What the machine has may come late, or again: its gateway knows the answer, and will not send
    // it once more; or it does not, and the machine remembers it, whatever became of the queue.
    const applied = host.machine.gatewayExpected(header.gateway.replica, epoch) ?? 0
    // All before a gateway's first has its answer, or was given up by it, and never comes.
    cursor.expected = Math.max(cursor.expected, applied, header.first ? number : 0)
    // After a refusal, what follows must wait until the refused one has come again: order is kept.
    // The answer that said so may be lost.
    if (number > cursor.expected) return cursor.expected
    if (cursor.pending.has(number)) return null
    // A queue whose creation or deletion is on its way to this shard: the publish comes again in a
    // moment.
    const isEarly =
      number >= applied &&
      header.queues.some((id) => {
        const queue = host.machine.queue(id)
        if (queue === undefined) return this.#core.lackingQueues.isToCome(group, id)
        // One that is over waits for the metadata, and holds up nobody but who publishes to it.
        const { closingUntilMs, isOver } = queue
        return !isOver && closingUntilMs > host.timeMs && closingUntilMs > shard.nextTimeMs
      })
    // What only settles makes room.
    const isRefused = this.#core.disk.isLow && header.queues.length > 0
    const isTaken =
      !isEarly &&
      shard.hasRoom &&
      shard.offer(isRefused ? refusedSection(header) : bytes, (reply) => {
        cursor.pending.delete(number)
        if ('settlements' in header && reply?.type === 'accepted') {
          settledTogether(this.#core, group, header.settlements)
        }
        const outcome = isForWantOfSpace(reply)
          ? this.#core.disk.refusal(number)
          : outcomeOf(number, reply)
        this.#result(from, group, epoch, outcome)
      })
    if (isTaken) cursor.pending.add(number)
    cursor.expected = isTaken ? Math.max(cursor.expected, number + 1) : number
    return isTaken ? null : number
  }

  #result(node: number, group: GroupId, epoch: number, outcome: ForwardOutcome): void {
    let results = this.#results.find(
      (other) => other.node === node && other.group === group && other.epoch === epoch
    )
    if (results === undefined) {
      results = { node, group, epoch, outcomes: [] }
      this.#results.push(results)
    }
    const last = results.outcomes.at(-1)
    const isRun =
      last?.type === 'accepted' && outcome.type === 'accepted' && last.last + 1 === outcome.first
    if (isRun) {
      results.outcomes[results.outcomes.length - 1] = { ...last, last: outcome.last }
    } else results.outcomes.push(outcome)
  }

  /** Sends the outcomes of this step to the gateways. */
  flush(): void {
    if (this.#results.length === 0) return
    const results = this.#results
    this.#results = []
    for (const { node, group, epoch, outcomes } of results) {
      const message = { type: 'forward-result', group, epoch, outcomes } as const
      if (node === this.#core.identity?.node) this.#core.gateway.result(message)
      else this.#core.peers.send(node, message)
    }
  }

  #cursor(group: GroupId, from: number, epoch: number, number: number): GatewayCursor {
    let cursors = this.#cursors.get(group)
    if (cursors === undefined) {
      cursors = new Map()
      this.#cursors.set(group, cursors)
    }
    let cursor = cursors.get(from)
    if (cursor === undefined || cursor.epoch !== epoch) {
      cursor = { epoch, expected: number, pending: new Set() }
      cursors.set(from, cursor)
    }
    return cursor
  }

  #notLeader(group: GroupId): CallResult {
    const leader = this.#core.reports.locate(group) ?? 0
    return errorResult(new HoldfastError('NOT_LEADER', { group, leader }))
  }
}

function outcomeOf(number: number, reply: SectionReply | null): ForwardOutcome {
  switch (reply?.type) {
    case 'accepted':
    case 'repeated':
      return reply.missing.length === 0
        ? { type: 'accepted', first: number, last: number }
        : { type: 'missing', number, queues: reply.missing }
    case 'gap':
      // Of a gateway that the shard does not know it takes the first that has no answer.
      return { type: 'again', from: Math.max(1, reply.expected) }
    case 'refused':
      return { type: 'refused', number, code: reply.code, details: reply.details }
    default:
      return { type: 'again', from: number }
  }
}

/**
 * Whether a leader whose disk was full refused the section: this one, or the one before, whose
 * answer was lost. Nothing else that a machine cannot read comes so far: gateways check what they
 * forward.
 */
function isForWantOfSpace(reply: SectionReply | null): boolean {
  return reply?.type === 'refused' && unreadableCodes.has(reply.code)
}

const unreadableCodes: ReadonlySet<string> = new Set(['FRAME_INVALID', 'RECORD_INVALID'])

/**
 * Takes the number of a section that the leader refuses, in a form that every machine refuses too:
 * the numbers of a gateway have no gaps, and a repeat must not turn the refusal into a success. A
 * publish that had taken effect before is no news, and needs no space: the machine knows it.
 */
function refusedSection(header: PublishHeader | TransactionHeader): Uint8Array {
  const publish = 'settlements' in header ? { ...header, producer: null, count: 1 } : header
  return join(encodePublishSection(withoutRecords(publish)))
}
