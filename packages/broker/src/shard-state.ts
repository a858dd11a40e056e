// The state of a shard, as one plain object; the handlers of its commands are free functions on it.
// Everything here is a function of the log, or derived from what is.
import { GatewayTable } from './gateways.ts'
import { LiveEntries } from './live-entries.ts'
import { Deadlines } from './queue/deadlines.ts'
import { ProducerTable } from './queue/deduplication.ts'
import { DueSegments } from './queue/due-segments.ts'
import { type ShardLimits, shardLimits } from './queue/limits.ts'
import type { ShardQueue } from './queue/queue.ts'
import type { ShardEffect } from './shard-reply.ts'

export interface ShardOptions {
  /** The group's id, for error details. */
  readonly group?: number
  /** Ids of snapshot blobs start here at least: this replica may have used lower ones before. */
  readonly firstBlobId?: number
  /** Smaller bounds, for tests. */
  readonly limits?: Partial<ShardLimits>
}

export interface ShardState {
  readonly group: number
  readonly limits: ShardLimits
  /** Active machine version (architecture, A16). */
  version: number
  /** Last entry applied. */
  index: number
  term: number
  /** Log time. Invariant: never goes back. */
  timeMs: number
  /** Messages that die in this term get this number, or a higher one. */
  deadNumberMin: number
  /** Changes of topology up to this cursor have been applied. */
  topologyCursor: number
  readonly queues: Map<number, ShardQueue>
  readonly producers: ProducerTable
  readonly gateways: GatewayTable
  /** Derived: live messages of each entry. */
  readonly live: LiveEntries
  /** Derived: queues on which a session has consumers. */
  readonly sessions: Map<string, Set<number>>
  /** Derived: queues that expire unused. */
  readonly deadlines: Deadlines
  /** Derived: where messages expire. */
  readonly due: DueSegments
  /** Effects of the entry being applied. */
  effects: ShardEffect[]
}

export function blankShardState(options: ShardOptions, snapshotIndex: number): ShardState {
  const limits = { ...shardLimits, ...options.limits }
  return {
    group: options.group ?? 0,
    limits,
    version: 1,
    index: 0,
    term: 0,
    timeMs: 0,
    deadNumberMin: 1,
    topologyCursor: 0,
    queues: new Map(),
    producers: new ProducerTable(limits),
    gateways: new GatewayTable(limits),
    live: new LiveEntries(snapshotIndex),
    sessions: new Map(),
    deadlines: new Deadlines(),
    due: new DueSegments(),
    effects: []
  }
}

/** The queues by ascending id: the one order in which all replicas walk them. */
export function sortedQueues(state: ShardState): ShardQueue[] {
  return [...state.queues.values()].sort((a, b) => a.id - b.id)
}

export function addSession(state: ShardState, session: string, queue: number): void {
  const queues = state.sessions.get(session)
  if (queues === undefined) state.sessions.set(session, new Set([queue]))
  else queues.add(queue)
}

/** Call after a consumer of `session` has left `queue`. */
export function dropSession(state: ShardState, session: string, queue: ShardQueue): void {
  for (const consumer of queue.consumers.values()) if (consumer.session === session) return
  const queues = state.sessions.get(session)
  queues?.delete(queue.id)
  if (queues?.size === 0) state.sessions.delete(session)
}
