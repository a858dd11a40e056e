// Guards of the actions that change log and commitIndex: ClientRequest, HandleAppendEntriesRequest,
// AdvanceCommitIndex; and of our own: installing a snapshot (Raft §7), compacting, learning a
// commit index from a heartbeat or an offered snapshot.
import type { Entry, Message, Raft, SnapshotMeta } from '@holdfast/raft'
import { isQuorumOf } from '../checkers/quorums.ts'
import type { AppendFacts, Step, Verdict } from './step.ts'

/** To be asked before a message is handled. */
export function factsBefore(raft: Raft, message: Message): AppendFacts | null {
  if (message.type !== 'append-request') return null
  const { previous, entries } = message
  const isCommitted = previous.index <= raft.commitIndex
  const isPreviousKnown = isCommitted || raft.termAt(previous.index) === previous.term
  const isMissing = ({ index, term }: Entry): boolean =>
    index > raft.commitIndex && raft.termAt(index) !== term
  const fresh = entries.find(isMissing)?.index ?? null
  const conflict = fresh !== null && fresh <= raft.lastId.index ? fresh : null
  return { isPreviousKnown, fresh, conflict }
}

const isSame = (step: Step): boolean =>
  step.before.last.index === step.after.last.index && step.before.last.term === step.after.last.term

export function guardLog(step: Step, verdict: Verdict): void {
  const { before, after, cause } = step
  if (cause.type === 'installed') return guardInstall(step, verdict)
  if (after.firstIndex !== before.firstIndex) {
    verdict.found('Compact')
    const isAsked = cause.type === 'compact' && after.firstIndex === cause.firstIndex
    if (!isAsked) verdict.wrong(`the log begins at ${after.firstIndex}, not ${before.firstIndex}`)
  }
  if (isSame(step)) return
  if (step.volatile.isInstalling) verdict.wrong('the log changes while a snapshot replaces it')
  if (after.role === 'leader') return guardClientRequest(step, verdict)
  if (cause.type === 'message' && cause.message.type === 'append-request') {
    return guardAppendRequest(step, verdict)
  }
  verdict.wrong(`the log of a ${after.role} changes out of ${cause.type}`)
}

/** ClientRequest: one entry of the own term behind all that are there (Leader Append-Only). */
function guardClientRequest(step: Step, verdict: Verdict): void {
  const { before, after, termAt, cause } = step
  verdict.found('ClientRequest')
  if (after.last.index !== before.last.index + 1) {
    verdict.wrong(`the log of a leader goes from ${before.last.index} to ${after.last.index}`)
  }
  if (after.last.term !== after.term) verdict.wrong('a leader makes an entry of another term')
  const kept = termAt(before.last.index)
  const isKept = before.last.index < after.firstIndex || kept === before.last.term
  if (!isKept) verdict.wrong('a leader overwrites its last entry')
  if (after.configuration !== before.configuration) {
    verdict.found('ChangeConfiguration')
    // The erratum of 2015: not before an entry of the own term is committed.
    if (termAt(before.commit) !== after.term)
      verdict.wrong('a change before the no-op is committed')
  }
  if (cause.type !== 'propose' && cause.type !== 'configure' && cause.type !== 'flush') {
    const isNoop = before.role === 'candidate'
    if (!isNoop) verdict.wrong(`a leader makes an entry out of ${cause.type}`)
  }
}

/** HandleAppendEntriesRequest: what contradicts the request goes, what it brings comes. */
function guardAppendRequest(step: Step, verdict: Verdict): void {
  const { before, after, termAt, cause } = step
  if (cause.type !== 'message' || cause.message.type !== 'append-request') return
  const { message, append } = cause
  verdict.found('HandleAppendEntriesRequest')
  if (message.term !== after.term) verdict.wrong('entries of another term than the own are taken')
  if (after.role !== 'follower') verdict.wrong(`a ${after.role} takes entries`)
  if (append === null) return
  if (!append.isPreviousKnown) verdict.wrong('entries are taken though the one before is missing')
  if (append.fresh === null) return verdict.wrong('the log changes though all of it was there')
  const { conflict } = append
  if (conflict === null && after.last.index < before.last.index) {
    verdict.wrong('the log is shortened without a conflict')
  }
  if (conflict !== null && conflict <= before.commit) verdict.wrong('a committed entry is replaced')
  const end = message.previous.index + message.entries.length
  if (after.last.index !== end) verdict.wrong(`the log ends at ${after.last.index}, not at ${end}`)
  for (const { index, term } of message.entries) {
    if (index <= before.commit || index < after.firstIndex) continue
    if (termAt(index) !== term) verdict.wrong(`entry ${index} is not the leader's`)
  }
  const kept = append.fresh - 1
  if (kept === message.previous.index && kept > before.commit && kept >= after.firstIndex) {
    if (termAt(kept) !== message.previous.term) verdict.wrong(`entry ${kept} did not stay`)
  }
}

/** Where the log holds what the snapshot stands for, what follows stays (Raft §7, step 6). */
export function guardBeginInstall(raft: Raft, { id }: SnapshotMeta, verdict: Verdict): void {
  if (raft.role !== 'follower') verdict.wrong(`a ${raft.role} replaces its log`)
  if (id.index <= raft.commitIndex || raft.termAt(id.index) === id.term) {
    verdict.wrong(`the log reaches ${raft.lastId.index} and is replaced up to ${id.index}`)
  }
}

function guardInstall({ before, after, cause }: Step, verdict: Verdict): void {
  if (cause.type !== 'installed') return
  const { id } = cause.meta
  verdict.found('InstallSnapshot')
  if (id.index <= before.commit) verdict.wrong('a snapshot of what is committed here is installed')
  const isEmpty = after.firstIndex === id.index + 1 && after.last.index === id.index
  if (!isEmpty || after.last.term !== id.term) {
    verdict.wrong('something of the old log is left after a snapshot was installed')
  }
  if (after.commit !== id.index || after.applied !== id.index) {
    verdict.wrong('a snapshot is installed and not applied')
  }
}

export function guardCommit(step: Step, verdict: Verdict): void {
  const { before, after, cause } = step
  if (after.commit === before.commit || cause.type === 'installed') return
  if (after.commit < before.commit) return verdict.wrong('the commit index falls')
  if (after.commit > after.last.index) verdict.wrong('a commit index beyond the log')
  if (after.role === 'leader') return guardAdvanceCommit(step, verdict)
  if (cause.type !== 'message') return verdict.wrong(`a commit index out of ${cause.type}`)
  const { message } = cause
  verdict.found('LearnCommit')
  if (message.term !== after.term) verdict.wrong('a commit index of another term is believed')
  switch (message.type) {
    case 'append-request': {
      const validated = Math.max(before.commit, message.previous.index + message.entries.length)
      const most = Math.min(message.commit, validated)
      if (after.commit > most)
        verdict.wrong(`commit ${after.commit}, of which ${most} is validated`)
      return
    }
    case 'heartbeat-request':
      if (after.commit > message.commit) verdict.wrong('commits more than the leader said')
      return
    case 'snapshot-request':
      if (after.commit !== message.snapshot.id.index) verdict.wrong('commits beyond the snapshot')
      if (step.termAt(after.commit) !== message.snapshot.id.term) {
        verdict.wrong('commits what is not the entry of the snapshot')
      }
      return
    default:
      verdict.wrong(`a commit index out of ${message.type}`)
  }
}

/** AdvanceCommitIndex: a quorum has it, and it is of the own term (Raft §5.4.2, figure 8). */
function guardAdvanceCommit({ after, termAt, volatile }: Step, verdict: Verdict): void {
  verdict.found('AdvanceCommitIndex')
  const { configuration, commit } = after
  const isAgreed = isQuorumOf(configuration, (replica) => {
    const match = replica === after.id ? after.durable : volatile.matchIndex.get(replica)
    return (match ?? 0) >= commit
  })
  if (!isAgreed) verdict.wrong(`commits ${commit}, which no quorum has`)
  if (termAt(commit) !== after.term) verdict.wrong(`commits ${commit} of an older term by counting`)
}
