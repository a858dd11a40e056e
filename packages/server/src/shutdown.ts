// How a process ends: orderly on a signal (leadership is handed over first), at once on the second
// one, and with 70 on any error that nobody expected: a node that limps is worse than one that is
// gone.
import type { Log, Logger } from './logger.ts'
import type { RunningNode } from './node-parts.ts'

/** Exit codes of `holdfast server`. */
export const exitCodes: Readonly<Record<'done' | 'refused' | 'usage' | 'fault', number>> = {
  done: 0,
  /** It could not start, or an operation was refused. */
  refused: 1,
  usage: 2,
  /** An unexpected error or a failed write; a supervisor should start the node again. */
  fault: 70
}

/** Milliseconds that the last log lines get. */
const flushTimeoutMs = 300

/** What of a process is needed here; tests pass their own. */
export interface ProcessPort {
  on(event: string, listener: (value: unknown) => void): unknown
  exit(code: number): void
}

/** Ends the process, once the last log lines are out. */
export function exitWith(target: ProcessPort, logger: Logger, code: number): void {
  void logger.flush(flushTimeoutMs).then(() => target.exit(code))
}

/**
 * Ends the process with 70 when an error reaches the top. Installed before anything else starts.
 */
export function exitOnUnexpected(target: ProcessPort, logger: Logger): void {
  let isEnding = false
  const onUnexpected = (error: unknown): void => {
    if (isEnding) return
    isEnding = true
    logger.log('error', 'an unexpected error', { reason: stackOf(error) })
    exitWith(target, logger, exitCodes.fault)
  }
  target.on('uncaughtException', onUnexpected)
  target.on('unhandledRejection', onUnexpected)
}

/** Drains on the first signal, and when the process that started this one is gone. */
export function drainOnSignals(target: ProcessPort, node: RunningNode, log: Log): void {
  let isDraining = false
  const onSignal = (signal: string): void => {
    if (isDraining) {
      target.exit(exitCodes.refused)
      return
    }
    isDraining = true
    log('info', 'asked to stop', { signal })
    node.drain()
  }
  for (const signal of ['SIGTERM', 'SIGINT']) target.on(signal, () => onSignal(signal))
  // As daemons have it: new certificates are there. A node without any has lost its terminal.
  target.on('SIGHUP', () => {
    if (!node.reloadTls()) onSignal('SIGHUP')
  })
  target.on('disconnect', () => {
    if (!isDraining) onSignal('disconnect')
  })
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
