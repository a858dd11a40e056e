// The table at the end of a campaign: how much was simulated, what struck how often, which marks
// were reached, and what failed.
import { conditionKinds, faultKinds } from '../faults/kinds.ts'
import { catalogue } from '../marks/catalogue.ts'
import type { SeedResult } from './result.ts'

const hourMs = 3_600_000
const columns = 3
/** How often a complete campaign reaches each mark. */
const hitsMin = 100
const completeSeeds = 20_000

export interface Summary {
  readonly seeds: number
  readonly failed: readonly SeedResult[]
  readonly virtualMs: number
  readonly realMs: number
  readonly steps: number
  readonly published: number
  readonly deliveries: number
  readonly redeliveries: number
  readonly strikes: ReadonlyMap<string, number>
  readonly marks: ReadonlyMap<string, number>
}

function addAll(into: Map<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) into.set(name, (into.get(name) ?? 0) + count)
}

export function summarise(results: Iterable<SeedResult>): Summary {
  const all = [...results]
  const sum = (pick: (result: SeedResult) => number): number =>
    all.reduce((total, result) => total + pick(result), 0)
  const names = [...Object.keys(faultKinds), ...Object.keys(conditionKinds)]
  const strikes = new Map<string, number>(names.map((name) => [name, 0]))
  const marks = new Map<string, number>()
  for (const result of all) {
    addAll(strikes, result.strikes)
    addAll(marks, result.marks)
  }
  return {
    seeds: all.length,
    failed: all.filter(({ failures }) => failures.length > 0),
    virtualMs: sum(({ virtualMs }) => virtualMs),
    realMs: sum(({ realMs }) => realMs),
    steps: sum(({ steps }) => steps),
    published: sum(({ published }) => published),
    deliveries: sum(({ deliveries }) => deliveries),
    redeliveries: sum(({ redeliveries }) => redeliveries),
    strikes,
    marks
  }
}

/** Marks that were reached too seldom to say that they are tested. */
export function rareMarks({ marks }: Summary): readonly string[] {
  return catalogue.filter((mark) => (marks.get(mark) ?? 0) < hitsMin)
}

/** Whether nothing broke, and a campaign that is complete has reached every mark. */
export function isPassed(summary: Summary): boolean {
  if (summary.failed.length > 0) return false
  return summary.seeds < completeSeeds || rareMarks(summary).length === 0
}

/** Names with their counts, in columns. */
function renderCounts(counts: ReadonlyMap<string, number>): string[] {
  const cells = [...counts].map(([name, count]) => `${String(count).padStart(9)} ${name}`)
  const width = Math.max(0, ...cells.map(({ length }) => length)) + 2
  const rows = Math.ceil(cells.length / columns)
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => cells[column * rows + row] ?? '')
      .map((cell) => cell.padEnd(width))
      .join('')
      .trimEnd()
  )
}

export function renderSummary(summary: Summary): string {
  const { seeds, failed, virtualMs, realMs, steps, published, deliveries, redeliveries } = summary
  const hours = (virtualMs / hourMs).toFixed(2)
  const speed = (virtualMs / Math.max(1, realMs)).toFixed(1)
  const counts = [...summary.strikes.values()]
  const strikes = counts.reduce((total, count) => total + count, 0)
  const kinds = counts.filter((count) => count > 0).length
  const rare = rareMarks(summary)
  return [
    `${seeds} seeds, ${hours} simulated hours in ${(realMs / hourMs).toFixed(2)} thread hours`,
    `  (${speed} simulated seconds a second of a thread), ${steps} steps of members`,
    `${published} messages published, ${deliveries} delivered, ${redeliveries} of them again`,
    `${strikes} faults of ${kinds} kinds:`,
    ...renderCounts(summary.strikes),
    `${catalogue.length - rare.length} of ${catalogue.length} marks reached ${hitsMin} times`,
    ...rare.map((mark) => `  ${mark}: ${summary.marks.get(mark) ?? 0}`),
    `${failed.length} failed${failed.length === 0 ? '' : ':'}`,
    ...failed.map(({ seed, failures }) => `  seed ${seed}: ${failures[0]?.split('\n')[0] ?? ''}`)
  ].join('\n')
}
