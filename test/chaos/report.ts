// A run as text for people: a table of faults with their gaps, the counts, and what is wrong.
import { type Gap, median, quantile } from './gap-meter.ts'
import type { Outlived } from './surviving-clients.ts'
import { type Report, type ViolationKind, violationKinds } from './violations.ts'

/** Rows as columns of equal width; numbers to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths: number[] = []
  const texts = rows.map((row) => row.map((cell) => String(cell)))
  for (const row of texts) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length)
  }
  const render = (row: readonly string[], source: readonly (string | number)[]): string =>
    row
      .map((cell, at) => {
        const width = widths[at] ?? 0
        return typeof source[at] === 'number' ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  return texts.map((row, at) => `  ${render(row, rows[at] ?? [])}`).join('\n')
}

export interface GapSummary {
  readonly count: number
  readonly medianMs: number
  readonly p99Ms: number
  readonly maxMs: number
}

export function summariseGaps(gaps: readonly Gap[]): GapSummary {
  const values = gaps.map((gap) => gap.queueMs)
  return {
    count: values.length,
    medianMs: median(values),
    p99Ms: quantile(values, 0.99),
    maxMs: values.reduce((most, value) => Math.max(most, value), 0)
  }
}

/** Milliseconds that a queue may be without a confirm around the death of a leader. */
const gapBounds = { medianMs: 1_000, maxMs: 5_000 }

/** What is too long, as sentences; none if all is well. */
export function longGaps({ medianMs, maxMs }: Pick<GapSummary, 'medianMs' | 'maxMs'>): string[] {
  const found: string[] = []
  const compare = (what: string, ms: number, boundMs: number): void => {
    if (ms > boundMs) found.push(`${what} is ${Math.round(ms)} ms, and may be ${boundMs} ms`)
  }
  compare('the median of the gaps', medianMs, gapBounds.medianMs)
  compare('the longest gap', maxMs, gapBounds.maxMs)
  return found
}

export function renderGaps(gaps: readonly Gap[]): string {
  const head = ['#', 'fault', 'group', 'node', 'gap of a queue ms', 'gap of all ms']
  const rows = gaps.map((gap, at) => {
    const { fault, group, node, queueMs, anyMs } = gap
    return [at + 1, fault, group ?? '-', node ?? '-', Math.round(queueMs), Math.round(anyMs)]
  })
  const { medianMs, p99Ms, maxMs } = summariseGaps(gaps)
  const [middle, most, longest] = [medianMs, p99Ms, maxMs].map(Math.round)
  return `${table([head, ...rows])}\n  median ${middle}, p99 ${most}, max ${longest} ms`
}

export function renderOutlived({ clients, deliveries }: Outlived): string {
  const rows = [
    ['clients of other nodes at kills', clients],
    ['unsettled deliveries they held', deliveries]
  ]
  return table(rows)
}

export function renderReport(report: Report): string {
  const { lost, violations } = report
  const rows: (readonly (string | number)[])[] = [
    ['published', report.invoked],
    ['confirmed', report.confirmed],
    ['failed for certain', report.failed],
    ['outcome unknown', report.unknown],
    ['deliveries', report.deliveries],
    ['duplicates (flagged)', report.duplicates],
    ['first deliveries flagged', report.flaggedFirst],
    ['delivered though unconfirmed', report.unconfirmedDelivered],
    ['lost: prefix', lost.prefix],
    ['lost: middle', lost.middle],
    ['lost: end', lost.postfix],
    ['settlements refused as stale', report.staleSettlements],
    ['refused, a disk being full', report.refused],
    ['errors in application code', report.errors]
  ]
  const lines = [table(rows)]
  for (const example of report.errorExamples) lines.push(`  error: ${example.split('\n')[0]}`)
  for (const [kind, { count, examples }] of Object.entries(violations)) {
    lines.push(`  VIOLATION ${kind} (${violationKinds[kind as ViolationKind]}): ${count}`)
    for (const example of examples) lines.push(`    ${example}`)
  }
  return lines.join('\n')
}
