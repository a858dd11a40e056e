// Processes that this process started, directly or through `holdfast dev`, and therefore may
// signal. Each is known by pid and start time, so that a pid that the system gave to somebody else
// meanwhile is never signalled. Whatever is left is killed when this process exits.
import { identifyProcess, isProcessAlive, type ProcessIdentity } from './process-usage.ts'

const owned = new Map<number, ProcessIdentity>()
let isHooked = false

function killAll(): void {
  for (const pid of owned.keys()) signalOwned(pid, 'SIGKILL')
}

/** Takes note of a process that was started by this one or by a child of it. */
export function ownProcess(pid: number): void {
  owned.set(pid, identifyProcess(pid))
  if (isHooked) return
  isHooked = true
  process.once('exit', killAll)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGALRM'] as const) {
    process.once(signal, () => {
      killAll()
      process.exit(1)
    })
  }
}

/** The process has ended and was waited for. */
export function disownProcess(pid: number): void {
  owned.delete(pid)
}

/** True if the process is one of ours and still runs. */
export function isOwnedAlive(pid: number): boolean {
  const identity = owned.get(pid)
  return identity !== undefined && isProcessAlive(identity)
}

/** Signals one of our processes; false if it runs no more. @throws Error for a foreign pid. */
export function signalOwned(pid: number, signal: NodeJS.Signals): boolean {
  const identity = owned.get(pid)
  if (identity === undefined) throw new Error(`process ${pid} was not started here`)
  if (!isProcessAlive(identity)) return false
  try {
    // A stopped process takes SIGKILL, but no other signal before it is continued.
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}
