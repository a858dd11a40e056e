// Leadership transfer (thesis §3.10): the leader stops taking proposals, brings the target up to
// date, and tells it to campaign at once. It aborts after an election timeout.

import { isVoter } from './configuration.ts'
import type { ReplicaId } from './entry.ts'
import { leaseVoidTimeouts } from './limits.ts'
import { effectiveConfiguration, progressOf, type RaftState } from './state.ts'

/** Begins a transfer; false if it is refused. */
export function beginTransfer(state: RaftState, to: ReplicaId): boolean {
  if (state.role !== 'leader' || to === state.id) return false
  if (state.transfer !== null) return state.transfer.to === to
  const configuration = effectiveConfiguration(state)
  if (!isVoter(configuration, to)) return false
  // A voter on its way out would soon have to hand over again.
  if (!configuration.voters.includes(to)) return false
  state.transfer = { to, elapsedTicks: 0, isTimeoutNowSent: false }
  return true
}

/** Tells the target to campaign once it has everything. Called once for each ready. */
export function continueTransfer(state: RaftState): void {
  const { transfer } = state
  if (transfer === null || transfer.isTimeoutNowSent) return
  const progress = progressOf(state, transfer.to)
  if (progress === null || progress.match < state.log.lastIndex) return
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
  // The order may still arrive, and the votes it asks for do not respect leases.
  state.leaseVoidUntilTick = state.tickCount + leaseVoidTimeouts * config.electionTimeoutTicks
  state.transfer = null
  return true
}
