// The machine of a shard: many queues behind one log (architecture, A2, A6). It reads nothing but
// its own log, so every replica that has applied the same entries has the same queues, offsets and
// consumers.
import { assert } from '@holdfast/errors'
import { readEntryBatch, sectionKind } from './entry-batch.ts'
import type { Applied, IndexRange, Machine, MachineSnapshot, Meta } from './machine.ts'
import { publishKind } from './publish-section.ts'
import { firstNumber } from './queue/dead-letters.ts'
import type { IsHeld } from './queue/due-segments.ts'
import type { QueueView } from './queue/queue-view.ts'
import { decodeCommandSection } from './shard-codec.ts'
import type { QueueRanges, ShardCommand } from './shard-command.ts'
import { applyCommand, endUnused } from './shard-commands.ts'
import { digestShard, hashShard } from './shard-hash.ts'
import { applyPublish, refusalOf } from './shard-publish.ts'
import type { SectionReply, ShardEffect } from './shard-reply.ts'
import { type RestoredShard, restoreShard } from './shard-restore.ts'
import { ShardSnapshotter } from './shard-snapshot.ts'
import { blankShardState, type ShardOptions, type ShardState, sortedQueues } from './shard-state.ts'
import { applyTransaction } from './shard-transaction.ts'
import { transactionKind } from './transaction-section.ts'

export class ShardMachine implements Machine<SectionReply, ShardEffect> {
  readonly #state: ShardState
  readonly #snapshotter: ShardSnapshotter

  /** `restored` is for `restore` only. */
  constructor(options: ShardOptions = {}, restored: RestoredShard | null = null) {
    this.#state = restored?.state ?? blankShardState(options, 0)
    this.#snapshotter = new ShardSnapshotter(
      this.#state,
      restored?.blobs ?? [],
      Math.max(restored?.nextBlobId ?? 1, options.firstBlobId ?? 1)
    )
  }

  /**
   * The machine as it was when `manifest` was made.
   * @throws AssertionError if manifest and blobs do not fit together: the store has checked their
   * bytes
   */
  static restore(
    manifest: Uint8Array,
    blobs: ReadonlyMap<number, Uint8Array>,
    options: ShardOptions = {}
  ): ShardMachine {
    return new ShardMachine(options, restoreShard(manifest, blobs, options))
  }

  /** Last entry applied, or that the snapshot stands for. */
  get appliedIndex(): number {
    return this.#state.index
  }

  /** Log time in milliseconds. */
  get timeMs(): number {
    return this.#state.timeMs
  }

  /** Active machine version. */
  get version(): number {
    return this.#state.version
  }

  /** Changes of topology up to this cursor have been applied. */
  get topologyCursor(): number {
    return this.#state.topologyCursor
  }

  /** The number that this gateway has to send next; null if its row has to be opened. */
  gatewayExpected(replica: number, epoch: number): number | null {
    const row = this.#state.gateways.get(replica)
    return row === undefined || row.epoch !== epoch ? null : row.next
  }

  /** Log time before which no queue expires: an entry of that time or later finds out. */
  get nextDeadlineMs(): number {
    return this.#state.deadlines.nextMs
  }

  /** Log time before which no message expires. */
  get nextDueMs(): number {
    return this.#state.due.nextMs
  }

  /** Messages that are due, each told once: see `DueSegments`. For a leader, which expires them. */
  takeDue(timeMs: number, isHeld: IsHeld): readonly QueueRanges[] {
    return this.#state.due.take(timeMs, this.#state.limits.expiringMax, isHeld)
  }

  /** What is due is told again: of a queue, or of all. To whoever may not have known. */
  tellDueAgain(id?: number): void {
    const { queues: all, due } = this.#state
    const queues = id === undefined ? all.values() : [all.get(id)]
    for (const queue of queues) {
      if (queue === undefined) continue
      for (const segment of queue.index.segments) due.noteAll(queue.id, segment)
    }
  }

  queue(id: number): QueueView | undefined {
    return this.#state.queues.get(id)
  }

  /** All queues by ascending id. */
  queues(): readonly QueueView[] {
    return sortedQueues(this.#state)
  }

  apply(meta: Meta, data: Uint8Array): Applied<SectionReply, ShardEffect> {
    const state = this.#state
    assert(meta.index > state.index, 'entries are applied in order, each once')
    state.index = meta.index
    const isNewTerm = meta.term > state.term
    state.term = meta.term
    const replies: SectionReply[] = []
    const effects: ShardEffect[] = []
    state.effects = effects
    let positions: readonly number[] = []
    try {
      const batch = readEntryBatch(data)
      positions = batch.positions
      state.timeMs = Math.max(state.timeMs, batch.timeMs)
    } catch (error) {
      // All replicas see the same bytes, and none applies anything of them.
      refusalOf(error)
    }
    if (isNewTerm) state.deadNumberMin = firstNumber(state.timeMs)
    state.producers.expire(state.timeMs)
    state.gateways.expire(state.timeMs)
    endUnused(state)
    for (const position of positions) replies.push(applySection(state, data, position))
    state.effects = []
    return { timeMs: state.timeMs, replies, effects }
  }

  snapshot(lost: ReadonlySet<number> = new Set()): MachineSnapshot {
    return this.#snapshotter.take(lost)
  }

  /** Entries that hold live messages, ascending: what a replica with this state must have. */
  retainedEntries(): readonly IndexRange[] {
    return this.#state.live.ranges()
  }

  /** Live messages in one entry. */
  liveInEntry(index: number): number {
    return this.#state.live.count(index)
  }

  hash(): string {
    return hashShard(this.#state)
  }

  digest(): string {
    return digestShard(this.#state)
  }
}

function applySection(state: ShardState, data: Uint8Array, position: number): SectionReply {
  const kind = sectionKind(data, position)
  if (kind === publishKind) return applyPublish(state, data, position)
  if (kind === transactionKind) return applyTransaction(state, data, position)
  let command: ShardCommand
  try {
    command = decodeCommandSection(data, position)
  } catch (error) {
    return refusalOf(error)
  }
  return applyCommand(state, command)
}
