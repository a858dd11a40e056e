// Queue changes that the shards have yet to take over (architecture, A6): metadata decides, the
// shard's own log must say so too, and a reconciler carries it over, again and again until it is
// acknowledged. Cursors grow within a group, so a shard recognises what it has had.
import { HoldfastError } from '@holdfast/errors'
import type { MetadataLimits } from './limits.ts'
import type { GroupId, OutboxChange, OutboxEntry } from './metadata-command.ts'
import { plainSettings } from './queue/settings.ts'
import { settingsOf } from './queue-options.ts'
import type { Queue } from './topology-row.ts'

export interface GroupOutbox {
  readonly group: GroupId
  readonly entries: readonly OutboxEntry[]
}

/** What its shard is told of a queue. */
export function creationOf({
  id: queue,
  vhost,
  name,
  options
}: Queue): Extract<OutboxChange, { type: 'create-queue' }> {
  const settings = settingsOf(options)
  const plain = { type: 'create-queue', queue, vhost, name } as const
  return settings === plainSettings ? plain : { ...plain, settings }
}

export class Outbox {
  /** By group; lists ascend by cursor and are never empty. */
  readonly #entries: Map<GroupId, OutboxEntry[]> = new Map()
  readonly #limits: MetadataLimits

  constructor(limits: MetadataLimits) {
    this.#limits = limits
  }

  /** What the group has not acknowledged, in order. */
  entries(group: GroupId): readonly OutboxEntry[] {
    return this.#entries.get(group) ?? []
  }

  /** Groups that have something to take over, ascending. */
  get groups(): readonly GroupId[] {
    return [...this.#entries.keys()].sort((a, b) => a - b)
  }

  /** What each of these groups has to take over. */
  all(): readonly GroupOutbox[] {
    return this.groups.map((group) => ({ group, entries: this.entries(group) }))
  }

  /** @throws LIMIT_REACHED: the shard has taken nothing over for too long. */
  checkRoom(group: GroupId): void {
    const limit = this.#limits.outboxMax
    if (this.entries(group).length < limit) return
    const kind = `queue changes waiting for group ${group}`
    throw new HoldfastError('LIMIT_REACHED', { limit, kind })
  }

  add(group: GroupId, cursor: number, change: OutboxChange): void {
    const list = this.#entries.get(group)
    if (list === undefined) this.#entries.set(group, [{ cursor, change }])
    else list.push({ cursor, change })
  }

  acknowledge(group: GroupId, upTo: number): void {
    const list = this.#entries.get(group)
    if (list === undefined) return
    const kept = list.findIndex(({ cursor }) => cursor > upTo)
    if (kept < 0) this.#entries.delete(group)
    else list.splice(0, kept)
  }
}
