// Random waits (Raft §5.2: randomised timeouts make split votes rare). The source is injected
// through RaftConfig, so that a seed repeats a run.
import type { RaftConfig } from './config.ts'

/** From one election timeout to just below two. */
export function drawElectionTimeoutTicks(config: RaftConfig): number {
  return config.electionTimeoutTicks + Math.floor(config.random() * config.electionTimeoutTicks)
}

/** Ticks to wait after the leader is known to be gone: 0 to 2. */
export function drawSuccessionTicks(config: RaftConfig): number {
  return Math.floor(config.random() * 3)
}

/**
 * Ticks until a campaign after the leader's end is tried again: from a range that doubles with each
 * attempt, until the ordinary timeout is reached, which ends the haste (null).
 */
export function drawHastyTimeoutTicks(config: RaftConfig, attempt: number): number | null {
  const range = 2 ** (attempt + 1)
  if (range >= config.electionTimeoutTicks) return null
  return 1 + Math.floor(config.random() * range)
}
