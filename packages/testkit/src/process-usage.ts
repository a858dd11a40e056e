// What a process costs, read from /proc (Linux): processor time, resident memory, and the processor
// time of the whole machine, so that a measurement can say when something else ran beside it.
// Source: proc(5), /proc/PID/stat fields 14, 15, 20 and 22, /proc/PID/status RssAnon, /proc/stat.
import { readFileSync } from 'node:fs'

/** Clock ticks a second; 100 on every Linux that Node runs on (USER_HZ). */
const ticksPerSecond = 100

/** A process told apart from a later one that got the same pid. */
export interface ProcessIdentity {
  readonly pid: number
  /** Start time in ticks since boot; null where /proc does not tell. */
  readonly startTicks: number | null
}

/** Fields of /proc/PID/stat after the name, which may itself hold spaces and brackets. */
function statFields(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

export function identifyProcess(pid: number): ProcessIdentity {
  const field = statFields(pid)?.[19]
  return { pid, startTicks: field === undefined ? null : Number(field) }
}

/** True if that very process runs (a zombie does not). */
export function isProcessAlive(identity: ProcessIdentity): boolean {
  const fields = statFields(identity.pid)
  if (fields === null || fields[0] === 'X') return false
  // The first thread is a zombie before the others have ended, and those still hold its ports.
  if (fields[0] === 'Z' && Number(fields[17]) <= 1) return false
  return identity.startTicks === null || Number(fields[19]) === identity.startTicks
}

/** User and system time of a process so far, in seconds; null if it is gone. */
export function processorSeconds(pid: number): number | null {
  const fields = statFields(pid)
  if (fields === null) return null
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** Anonymous resident memory in bytes: what the process holds itself; null if it is gone. */
export function anonymousBytes(pid: number): number | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1')
    const match = /^RssAnon:\s+(\d+) kB$/m.exec(status)
    return match === null ? null : Number(match[1]) * 1024
  } catch {
    return null
  }
}

/** Busy processor time of the machine since boot, in seconds, over all cores. */
export function machineBusySeconds(): number {
  const [, ...fields] = (readFileSync('/proc/stat', 'latin1').split('\n')[0] ?? '').split(/\s+/)
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = fields.map(Number)
  return (user + nice + system + irq + softirq) / ticksPerSecond
}

/** What each process and everything else used between two looks. */
export interface UsageSpan {
  readonly seconds: number
  /** Processor seconds by name; a process that ended meanwhile has what it had used last. */
  readonly byName: Readonly<Record<string, number>>
  /** Processor seconds of the machine that none of the processes accounts for; at least 0. */
  readonly otherSeconds: number
}

/** Measures a set of named processes from its start to each call of `stop`. */
export class UsageMeter {
  readonly #pids: ReadonlyMap<string, number>
  readonly #atStart: Map<string, number> = new Map()
  readonly #startMs: number
  readonly #busyAtStart: number

  constructor(pids: ReadonlyMap<string, number>, nowMs: number = performance.now()) {
    this.#pids = new Map(pids)
    for (const [name, pid] of pids) this.#atStart.set(name, processorSeconds(pid) ?? 0)
    this.#startMs = nowMs
    this.#busyAtStart = machineBusySeconds()
  }

  stop(nowMs: number = performance.now()): UsageSpan {
    const byName: Record<string, number> = {}
    let known = 0
    for (const [name, pid] of this.#pids) {
      const start = this.#atStart.get(name) ?? 0
      const used = Math.max(0, (processorSeconds(pid) ?? start) - start)
      byName[name] = used
      known += used
    }
    const busy = machineBusySeconds() - this.#busyAtStart
    const seconds = (nowMs - this.#startMs) / 1_000
    return { seconds, byName, otherSeconds: Math.max(0, busy - known) }
  }
}
