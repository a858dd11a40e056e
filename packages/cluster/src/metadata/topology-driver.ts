// Brings queue changes from metadata to the shards (architecture: a shard machine reads only its
// own log). Metadata keeps, per shard, a list of changes the shard has not acknowledged; the
// metadata leader sends them in order to the shard's leader, which commits them. A shard skips what
// it has by its topology cursor, so repeating is harmless, and a new metadata leader simply goes on
// with the list.
//
// A shard that lost what it had acknowledged is not on the list: it says which queues it lacks, and
// the metadata leader states anew that there are such queues. The statement has the last cursors of
// the entry that this replica of the metadata has come to, so that a deletion that is committed
// later comes after it, also where a leader that is deposed already makes it. Where a shard skips
// some of it, having had a change as late in the same entry, the next one will do.
import {
  creationOf,
  type SectionReply,
  type ShardCommand,
  type TopologyChange
} from '@holdfast/broker'
import type { Core } from '../core.ts'
import { log } from '../core.ts'
import { limits, times } from '../limits.ts'
import type { GroupId } from '../log-store.ts'

interface Progress {
  /** Changes up to here are committed in the shard. */
  cursor: number
  isSending: boolean
  retryAtMs: number
  isAcknowledged: boolean
  /** Not before then is it stated again what the shard lacks: its next report tells. */
  restateAtMs: number
}

type TopologyCommand = Extract<ShardCommand, { type: 'topology' }>

/** Changes in one call. */
const changesMax = 1000

export class TopologyDriver {
  readonly #core: Core
  readonly #shards = new Map<GroupId, Progress>()
  #acknowledgeAtMs = 0

  constructor(core: Core) {
    this.#core = core
  }

  /**
   * Whether the shard has taken the change at `cursor`, of which this replica of the metadata
   * knows. What is acknowledged is off the list, and a new leader has sent nothing yet: the list
   * itself decides.
   */
  hasTaken(group: GroupId, cursor: number): boolean {
    const sent = this.#shards.get(group)?.cursor ?? 0
    const next = this.#core.metadata.machine.outbox
      .entries(group)
      .find((entry) => entry.cursor > sent)
    return next === undefined || next.cursor > cursor
  }

  leadershipChanged(): void {
    this.#shards.clear()
  }

  flush(): void {
    const { metadata, clock } = this.#core
    if (!metadata.isLeading) return
    const { outbox } = metadata.machine
    for (const group of outbox.groups) {
      const progress = this.#progress(group)
      if (progress.isSending || progress.retryAtMs > clock.nowMs) continue
      const changes = []
      for (const entry of outbox.entries(group)) {
        if (entry.cursor <= progress.cursor) continue
        changes.push({ cursor: entry.cursor, ...entry.change })
        if (changes.length === changesMax) break
      }
      const last = changes.at(-1)
      if (last === undefined) continue
      this.#send(group, progress, { type: 'topology', upTo: last.cursor, changes })
    }
  }

  tick(): void {
    const { metadata, clock } = this.#core
    if (!metadata.isLeading || clock.nowMs < this.#acknowledgeAtMs) return
    this.#acknowledgeAtMs = clock.nowMs + times.reconcileMs
    const groups: { group: GroupId; upTo: number }[] = []
    for (const [group, progress] of this.#shards) {
      if (progress.isAcknowledged || progress.cursor === 0) continue
      progress.isAcknowledged = true
      groups.push({ group, upTo: progress.cursor })
    }
    if (groups.length > 0) metadata.propose({ type: 'acknowledge-outbox', groups }, () => undefined)
    for (const [group, lacking] of this.#core.reports.lacking()) this.#restate(group, lacking)
  }

  /** Creates again what a shard lost after it had taken it over, once nothing else is to come. */
  #restate(group: GroupId, lacking: readonly number[]): void {
    const { metadata, clock } = this.#core
    const { topology, lastCursor } = metadata.machine
    const progress = this.#progress(group)
    const isBusy = progress.isSending || progress.restateAtMs > clock.nowMs
    // At a cursor that the shard has reached, it would skip what is stated.
    if (isBusy || lastCursor <= progress.cursor || !this.hasTaken(group, lastCursor)) return
    const there = lacking
      .map((id) => topology.queueById(id))
      .filter((queue) => queue !== null)
      .filter((queue) => queue.group === group)
      .slice(0, limits.lackingQueuesMax)
    const changes = there.map((queue, at): TopologyChange => {
      const cursor = lastCursor - there.length + 1 + at
      return { cursor, ...creationOf(queue) }
    })
    if (changes.length === 0) return
    progress.restateAtMs = clock.nowMs + times.statusRepeatMs
    const queues = changes.length
    log(this.#core, 'info', 'a shard says that it lacks queues, and is told again', {
      group,
      queues
    })
    this.#send(group, progress, { type: 'topology', upTo: lastCursor, changes })
  }

  #send(group: GroupId, progress: Progress, command: TopologyCommand): void {
    progress.isSending = true
    this.#core.shards.submit(group, command, (reply: SectionReply | null) => {
      if (this.#shards.get(group) !== progress) return
      progress.isSending = false
      if (reply === null) {
        progress.retryAtMs = this.#core.clock.nowMs + times.retryMs
        return
      }
      progress.cursor = Math.max(progress.cursor, command.upTo)
      progress.isAcknowledged = false
      this.#core.metadata.answerWaiters()
    })
  }

  #progress(group: GroupId): Progress {
    let progress = this.#shards.get(group)
    if (progress === undefined) {
      progress = { cursor: 0, isSending: false, retryAtMs: 0, isAcknowledged: true, restateAtMs: 0 }
      this.#shards.set(group, progress)
    }
    return progress
  }
}
