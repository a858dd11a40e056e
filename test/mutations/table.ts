// The table of a hunt, for people.
import type { Row } from './campaign.ts'

const checkLengthMax = 72

/** One line a mutation: its name, its failure mode, after how many seeds or tests, and by what. */
export function renderTable(rows: readonly Row[]): string {
  const lines = rows.map(({ mutation, finding, state }) => {
    const { name, failureMode } = mutation
    const after = finding === null ? '' : `${finding.ground} ${finding.tried}`
    return [name, String(failureMode ?? ''), state, after, shorten(finding?.found ?? '')]
  })
  const table = [['mutation', 'mode', 'state', 'after', 'caught by'], ...lines]
  const widths = [0, 1, 2, 3].map((at) => Math.max(...table.map((line) => line[at]?.length ?? 0)))
  return table
    .map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd()
    )
    .join('\n')
}

/** The check, without the moment and the place of this one failure. */
function shorten(found: string): string {
  const [line = ''] = found.split('\n')
  const text = line.replace(/at \d+(\.\d+)? ms: /, '').replace(/packages\/|dist\/test\//g, '')
  return text.length > checkLengthMax ? `${text.slice(0, checkLengthMax - 1)}…` : text
}

export function renderSummary(rows: readonly Row[]): string {
  const count = (state: Row['state']): number => rows.filter((row) => row.state === state).length
  const seeds = rows
    .filter(({ state, finding }) => state === 'caught' && finding?.ground !== 'suite')
    .map(({ finding }) => finding?.tried ?? 0)
    .sort((a, b) => a - b)
  const median = seeds[Math.floor(seeds.length / 2)] ?? 0
  const open = count('open') === 0 ? '' : `, ${count('open')} not decided`
  const caught = `${count('caught')} of ${rows.length} caught, ${count('missed')} missed${open}`
  return `${caught}; seeds: median ${median}, most ${seeds.at(-1) ?? 0}`
}
