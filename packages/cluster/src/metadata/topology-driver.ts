// Brings queue changes from metadata to the shards (architecture: a shard machine reads only its
// own log). Metadata keeps, per shard, a list of changes the shard has not acknowledged; the
// metadata leader sends them in order to the shard's leader, which commits them. A shard skips what
// it has by its topology cursor, so repeating is harmless, and a new metadata leader simply goes on
// with the list.
import type { SectionReply, ShardCommand } from '@holdfast/broker'
import type { Core } from '../core.ts'
import { times } from '../limits.ts'
import type { GroupId } from '../log-store.ts'

interface Progress {
  /** Changes up to here are committed in the shard. */
  cursor: number
  isSending: boolean
  retryAtMs: number
  isAcknowledged: boolean
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
      progress = { cursor: 0, isSending: false, retryAtMs: 0, isAcknowledged: true }
      this.#shards.set(group, progress)
    }
    return progress
  }
}
