// A text for a replica and a message: equal texts, equal futures. Replicas may be renamed on the
// way, so that states that differ in names only become one. Times count from now, and no further
// than they matter.
import type { Entry, ReplicaId } from '../../src/entry.ts'
import type { Message } from '../../src/message.ts'
import type { Progress } from '../../src/progress.ts'
import type { Haste } from '../../src/state.ts'
import type { LocalReplica } from './local-replica.ts'

export type Rename = (replica: ReplicaId) => ReplicaId

/** Ticks after which a wait makes no difference any more. */
const longTicks = 7

const nameOf = (replica: ReplicaId | null, rename: Rename): string =>
  replica === null ? '-' : `${rename(replica)}`

const hasteOf = (haste: Haste | null, rename: Rename): string =>
  haste === null
    ? '-'
    : `${haste.attempts} ${nameOf(haste.endedLeader, rename)} ${haste.hasPromised}`

const logOf = (entries: readonly Entry[]): string =>
  entries.map(({ term, type }) => `${term}${type.charAt(0)}`).join(' ')

function sorted(lines: readonly string[]): string {
  return [...lines].sort().join(';')
}

function progressOf(progress: Progress, nowTick: number, rename: Rename): string {
  const { replica, session, match, next, state, inflights, commitTold } = progress
  const flags = [progress.isProbeSent, progress.isPingDue, progress.isLoading].map(Number)
  const age = Math.min(longTicks, nowTick - progress.heardTick)
  const flow = `${inflights.count} ${inflights.roomBytes} ${commitTold} ${progress.round}`
  return `${rename(replica)} ${session} ${match} ${next} ${state} ${flow} ${flags} ${age}`
}

export function fingerprintOf(local: LocalReplica, rename: Rename): string {
  const { state, disk, pending } = local
  const votes = [...state.votes].map(([voter, granted]) => `${rename(voter)}${granted ? '+' : '-'}`)
  const tick = state.awakeTickCount
  const isLeader = state.role === 'leader'
  const leading = isLeader
    ? [state.noopIndex, state.round, state.heartbeatElapsedTicks, state.uncommittedBytes]
    : []
  const since = state.unstable.oldestTick
  const waits = [
    state.electionElapsedTicks,
    state.electionTimeoutTicks,
    Math.min(longTicks, state.leaderSilenceTicks),
    since === null ? '-' : Math.min(longTicks, tick - since)
  ]
  const writes = pending.map((ready) => {
    const { hardState, truncateFrom, entries, messagesAfterPersist } = ready
    const hard =
      hardState && `${hardState.term}${nameOf(hardState.vote, rename)}${hardState.commit}`
    const after = sorted(messagesAfterPersist.map((message) => messageText(message, rename)))
    return `${hard},${truncateFrom},${logOf(entries)},${after}`
  })
  const { hardState } = disk
  return [
    rename(local.id),
    `${state.role} ${state.term} ${nameOf(state.vote, rename)} ${nameOf(state.leader, rename)}`,
    `${state.commitIndex} ${state.appliedIndex} ${state.unstable.durableIndex}`,
    `${state.unstable.durableTerm} ${isLeader ? '' : state.leaderSession}`,
    hasteOf(state.haste, rename),
    logOf(state.log.tail(1)),
    sorted(votes),
    sorted(state.progress.map((progress) => progressOf(progress, tick, rename))),
    leading.join(' '),
    waits.join(' '),
    `${hardState.term}${nameOf(hardState.vote, rename)}${hardState.commit} ${logOf(disk.entries)}`,
    writes.join('/')
  ].join('|')
}

export function messageText(message: Message, rename: Rename): string {
  const { from, to, ...rest } = message
  const entries = 'entries' in rest ? logOf(rest.entries) : ''
  return `${rename(from)}>${rename(to)} ${JSON.stringify({ ...rest, entries })}`
}
