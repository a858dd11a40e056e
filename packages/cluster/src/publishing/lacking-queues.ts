// Queues that a shard lacks although the metadata counts on it to have them: the end of its log was
// lost on all replicas after it had acknowledged their creation. The shard's leader compares its
// queues with those that this node's metadata knows, when it begins to lead and when somebody asks
// for one that is not there, and reports what it lacks; the metadata leader creates it again (see
// topology-driver.ts). Publishes wait for that: a message must not miss one of its queues.
import type { Core } from '../core.ts'
import { limits, times } from '../limits.ts'
import type { GroupId } from '../log-store.ts'

const none: readonly number[] = []

export class LackingQueues {
  readonly #core: Core
  /** Shards that this node leads and that may lack queues. */
  readonly #suspects = new Set<GroupId>()
  /** What they lacked when they were looked at last. */
  #found: ReadonlyMap<GroupId, readonly number[]> = new Map()
  #lookAtMs = 0

  constructor(core: Core) {
    this.#core = core
  }

  leadershipChanged(group: GroupId, isLeading: boolean): void {
    if (isLeading) this.#suspects.add(group)
    else this.#suspects.delete(group)
  }

  /**
   * Whether a queue that the shard led here does not have is still to come, as far as the metadata
   * of this node tells; otherwise it was deleted.
   */
  isToCome(group: GroupId, queue: number): boolean {
    const { machine } = this.#core.metadata
    if (queue > machine.lastCursor) return true
    if (machine.topology.queueById(queue)?.group !== group) return false
    this.#suspects.add(group)
    return true
  }

  /** What a shard led here lacks, as far as it is reported at once. */
  of(group: GroupId): readonly number[] {
    return this.#suspects.has(group) ? (this.#found.get(group) ?? none) : none
  }

  tick(): void {
    const { nowMs } = this.#core.clock
    if (this.#suspects.size === 0 || nowMs < this.#lookAtMs) return
    this.#lookAtMs = nowMs + times.statusMs
    this.#look()
  }

  #look(): void {
    const { groups, metadata } = this.#core
    const found = new Map<GroupId, number[]>()
    for (const { id, group } of metadata.machine.topology.queues()) {
      if (!this.#suspects.has(group)) continue
      if (groups.shardHost(group)?.machine.queue(id) !== undefined) continue
      const lacking = found.get(group)
      if (lacking === undefined) found.set(group, [id])
      else if (lacking.length < limits.lackingQueuesMax) lacking.push(id)
    }
    this.#found = found
    for (const group of this.#suspects) if (!found.has(group)) this.#suspects.delete(group)
  }
}
