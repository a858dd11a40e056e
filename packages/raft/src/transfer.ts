// Leadership transfer (thesis §3.10): the leader brings the target up to date, stops taking
// proposals for the last few entries, and tells it to campaign at once. It aborts after an election
// timeout.

import { isVoter } from './configuration.ts'
import { isRecentlyActive } from './contact.ts'
import type { ReplicaId } from './entry.ts'
import { leaseVoidTimeouts, transferLagEntriesMax } from './limits.ts'
import { effectiveConfiguration, progressOf, type RaftState } from './state.ts'

/** Begins a transfer; false if it is refused. */
export function beginTransfer(state: RaftState, to: ReplicaId): boolean {
  if (state.role !== 'leader' || to === state.id) return false
  if (state.transfer !== null) return state.transfer.to === to
  const configuration = effectiveConfiguration(state)
  if (!isVoter(configuration, to)) return false
  // A voter on its way out would soon have to hand over again.
  if (!configuration.voters.includes(to)) return false
  if (!isReplicating(state, to)) return false
  state.transfer = { to, elapsedTicks: 0, isClosing: false, isTimeoutNowSent: false }
  closeSoon(state)
  return true
}

/**
 * Who does not answer, or is asked where the logs meet, may have halted, or have lost what it had
 * acknowledged: what is known of its log says nothing.
 */
function isReplicating(state: RaftState, to: ReplicaId): boolean {
  const progress = progressOf(state, to)
  return progress?.state === 'replicate' && isRecentlyActive(state, progress)
}

/** A target that lags is waited for while proposals go on: they must not stop for long. */
function closeSoon(state: RaftState): void {
  const { transfer, log } = state
  if (transfer === null || transfer.isClosing) return
  const match = progressOf(state, transfer.to)?.match ?? 0
  if (log.lastIndex - match > transferLagEntriesMax) return
  let bytes = 0
  for (let index = match + 1; index <= log.lastIndex; index++) {
    bytes += log.entry(index)?.data.byteLength ?? Number.POSITIVE_INFINITY
  }
  transfer.isClosing = bytes <= state.config.appendBytesMax
}

/** Tells the target to campaign once it has everything. Called once for each ready. */
export function continueTransfer(state: RaftState): void {
  closeSoon(state)
  const { transfer } = state
  if (transfer === null || !transfer.isClosing || transfer.isTimeoutNowSent) return
  const progress = progressOf(state, transfer.to)
  if (progress === null || progress.match < state.log.lastIndex) return
  if (!isReplicating(state, transfer.to)) return
  transfer.isTimeoutNowSent = true
  state.out.messages.push({
    type: 'timeout-now',
    from: state.id,
    to: transfer.to,
    term: state.term
  })
}

/** Gives a transfer up after an election timeout; true when it did. */
export function tickTransfer(state: RaftState): boolean {
  const { transfer, config } = state
  if (transfer === null) return false
  transfer.elapsedTicks++
  if (transfer.elapsedTicks < config.electionTimeoutTicks) {
    // The order to campaign may have been lost; repeating it within the term does no harm.
    if (transfer.elapsedTicks % config.heartbeatIntervalTicks === 0) {
      transfer.isTimeoutNowSent = false
    }
    return false
  }
  state.transfer = null
  if (!transfer.isClosing) return true
  // The order may still arrive, and the votes it asks for do not respect leases.
  state.leaseVoidUntilTick = state.tickCount + leaseVoidTimeouts * config.electionTimeoutTicks
  return true
}
