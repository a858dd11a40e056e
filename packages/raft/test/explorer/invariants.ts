// What must be true of three replicas and the messages between them in every single state (Raft
// figure 3), without looking at how it was reached.
import type { Entry } from '../../src/entry.ts'
import type { Message } from '../../src/message.ts'
import type { RaftState } from '../../src/state.ts'
import type { Disk, LocalReplica } from './local-replica.ts'

const majority = 2

function has(disk: Disk, { index, term }: Entry): boolean {
  return disk.entries[index - 1]?.term === term
}

function committedOf(state: RaftState): readonly Entry[] {
  return state.log.tail(1).slice(0, state.commitIndex)
}

/** What is wrong with the state; null if nothing is. */
export function violationOf(
  replicas: readonly LocalReplica[],
  messages: readonly Message[]
): string | null {
  const states = replicas.map(({ state }) => state)
  return (
    electionSafety(states) ??
    logMatching(states) ??
    agreement(states) ??
    durability(replicas) ??
    completeness(states) ??
    oneVote(replicas, messages)
  )
}

function electionSafety(states: readonly RaftState[]): string | null {
  const terms = states.filter(({ role }) => role === 'leader').map(({ term }) => term)
  return new Set(terms).size === terms.length ? null : 'Election Safety: two leaders of a term'
}

function logMatching(states: readonly RaftState[]): string | null {
  for (const left of states) {
    for (const right of states) {
      const [ours, theirs] = [left.log.tail(1), right.log.tail(1)]
      for (let at = Math.min(ours.length, theirs.length) - 1, isSame = false; at >= 0; at -= 1) {
        const isEqual = ours[at]?.term === theirs[at]?.term
        if (isSame && !isEqual) return 'Log Matching: one entry after two others'
        isSame ||= isEqual
      }
    }
  }
  return null
}

function agreement(states: readonly RaftState[]): string | null {
  for (const left of states) {
    for (const right of states) {
      const theirs = committedOf(right)
      const isSame = committedOf(left).every(
        ({ term }, at) => theirs[at] === undefined || theirs[at].term === term
      )
      if (!isSame) return 'State Machine Safety: two entries committed at an index'
    }
  }
  return null
}

/** What is committed is on the disks of a majority: no crash takes it back. */
function durability(replicas: readonly LocalReplica[]): string | null {
  for (const { state } of replicas) {
    for (const entry of committedOf(state)) {
      const count = replicas.filter(({ disk }) => has(disk, entry)).length
      if (count < majority) return `entry ${entry.index} is committed on ${count} disks`
    }
  }
  return null
}

/** The leader of the highest term has everything that anybody knows to be committed. */
function completeness(states: readonly RaftState[]): string | null {
  const highest = Math.max(...states.map(({ term }) => term))
  const leader = states.find(({ role, term }) => role === 'leader' && term === highest)
  if (leader === undefined) return null
  const isComplete = states.every((other) =>
    committedOf(other).every((entry) => leader.log.matches(entry))
  )
  return isComplete ? null : 'Leader Completeness: a leader lacks what is committed'
}

/** Votes on their way and those that disks hold: one a term and voter. */
function oneVote(replicas: readonly LocalReplica[], messages: readonly Message[]): string | null {
  const votes = new Map<string, number>()
  const cast = (voter: number, term: number, candidate: number): boolean => {
    const known = votes.get(`${voter} ${term}`)
    votes.set(`${voter} ${term}`, candidate)
    return known === undefined || known === candidate
  }
  for (const { id, disk } of replicas) {
    const { term, vote } = disk.hardState
    if (vote !== null) cast(id, term, vote)
  }
  for (const message of messages) {
    if (message.type !== 'vote-response' || message.pre || !message.granted) continue
    if (!cast(message.from, message.term, message.to)) return 'two votes in a term'
  }
  for (const { id, state } of replicas) {
    if (state.role !== 'candidate') continue
    for (const [voter, isGranted] of state.votes) {
      if (isGranted && !cast(voter, state.term, id)) return 'two votes in a term'
    }
  }
  return null
}
