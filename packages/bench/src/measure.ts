// One measurement: what ran, how fast, what each process used, and whether something else ran
// beside.
import { type ClusterProcess, UsageMeter, type UsageSpan } from '@holdfast/testkit'
import type { JobResult } from './job.ts'

export interface Figures {
  readonly workload: string
  readonly what: string
  readonly result: JobResult
  /** Processor microseconds a message, by process. */
  readonly microsecondsPerMessage: Readonly<Record<string, number>>
  /** The nodes together. */
  readonly nodesMicroseconds: number
  /** Cores that processes outside this measurement used meanwhile. */
  readonly otherCores: number
  /** Further figures of a workload. */
  readonly more: Readonly<Record<string, number>>
}

/** Beyond this share of a core a measurement is said to be disturbed. */
export const otherCoresMax = 0.15

/** Meters the nodes of a cluster, its clients, and this process. */
export function startMeter(
  cluster: ClusterProcess,
  clients: Readonly<Record<string, number>>
): UsageMeter {
  const pids = new Map<string, number>([['bench', process.pid]])
  for (const node of cluster.nodes) pids.set(`node ${node.id}`, node.pid)
  pids.set('dev', cluster.developmentPid)
  for (const [name, pid] of Object.entries(clients)) pids.set(name, pid)
  return new UsageMeter(pids)
}

export function figuresOf(
  workload: string,
  what: string,
  result: JobResult,
  span: UsageSpan,
  more: Readonly<Record<string, number>> = {}
): Figures {
  const microsecondsPerMessage: Record<string, number> = {}
  let nodesMicroseconds = 0
  for (const [name, seconds] of Object.entries(span.byName)) {
    const each = (seconds * 1e6) / Math.max(1, result.messages)
    microsecondsPerMessage[name] = each
    if (name.startsWith('node')) nodesMicroseconds += each
  }
  const otherCores = span.otherSeconds / Math.max(span.seconds, 0.001)
  return { workload, what, result, microsecondsPerMessage, nodesMicroseconds, otherCores, more }
}

function round(value: number | null): string {
  if (value === null) return '-'
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3)
}

/** Several measurements as a table for people. */
export function renderFigures(all: readonly Figures[]): string {
  const head = ['', 'what', 'msg/s', 'p50 ms', 'p99 ms', 'max ms', 'nodes µs', 'client µs', 'notes']
  const rows = all.map((figures) => {
    const { result, more, microsecondsPerMessage, otherCores } = figures
    const clients = Object.entries(microsecondsPerMessage).filter(([name]) =>
      name.startsWith('client')
    )
    const client = clients.reduce((sum, [, each]) => sum + each, 0)
    const notes = Object.entries(more).map(([name, value]) => `${name} ${round(value)}`)
    if (otherCores > otherCoresMax) {
      notes.push(`DISTURBED: other processes used ${round(otherCores)} of a core`)
    }
    return [
      figures.workload,
      figures.what,
      round(result.perSecond),
      ...[result.p50Ms, result.p99Ms, result.maxMs].map(round),
      round(figures.nodesMicroseconds),
      round(client),
      notes.join('; ')
    ]
  })
  const widths = head.map((_, at) =>
    Math.max(...[head, ...rows].map((row) => row[at]?.length ?? 0))
  )
  const lines = [head, ...rows].map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd()
  )
  return lines.join('\n')
}
