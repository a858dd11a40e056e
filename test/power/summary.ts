// What a campaign came to, as text: how often each kind of deed, and what the checker found in all
// pieces together.
import { median } from '../chaos/gap-meter.ts'
import { table } from '../chaos/report.ts'
import type { ViolationKind } from '../chaos/violations.ts'
import type { Ledger } from './ledger.ts'

/** Violations that have a column of their own; all others are in the last one. */
const named: readonly ViolationKind[] = ['lost', 'altered', 'invented', 'unflagged-duplicate']

export function renderSummary(ledger: Ledger): string {
  const { deeds, verdicts, failures } = ledger
  const kinds = [...new Set(deeds.map(({ kind }) => kind))].sort()
  const rows: (string | number)[][] = kinds.map((kind) => {
    const seconds = deeds.filter((deed) => deed.kind === kind).map((deed) => deed.seconds)
    return [kind, seconds.length, Number(median(seconds).toFixed(1))]
  })
  const text = [table([['kind', 'count', 'median s'], ...rows, ['all', deeds.length, '']])]
  const sums = { confirmed: 0, deliveries: 0, duplicates: 0, errors: 0 }
  const violations = new Map<string, number>(named.map((kind) => [kind, 0]))
  for (const { report } of verdicts) {
    sums.confirmed += report.confirmed
    sums.deliveries += report.deliveries
    sums.duplicates += report.duplicates
    sums.errors += report.errors
    for (const [kind, { count }] of Object.entries(report.violations)) {
      violations.set(kind, (violations.get(kind) ?? 0) + count)
    }
  }
  const sound = verdicts.filter(({ isSound }) => isSound).length
  text.push(
    table([
      ['pieces judged', verdicts.length],
      ['of them sound', sound],
      ['pieces that failed', failures.length],
      ['messages confirmed', sums.confirmed],
      ['deliveries', sums.deliveries],
      ['duplicates (flagged)', sums.duplicates],
      ['errors in application code', sums.errors],
      ...[...violations].map(([kind, count]) => [kind, count])
    ])
  )
  return text.join('\n\n')
}

/** True if every piece was judged, and found sound. */
export function isAllSound({ verdicts, failures }: Ledger): boolean {
  return failures.length === 0 && verdicts.every(({ isSound }) => isSound)
}
