// The ledger of campaigns: a line of JSON for each piece, so that a long campaign can be stopped,
// resumed, and added up.
import { join } from 'node:path'
import { LedgerFile } from '@holdfast/testkit'
import { workDirectory } from './corpus.ts'

/** One piece of the campaign of one target. */
export interface LedgerLine {
  readonly target: string
  readonly seed: number
  readonly inputs: number
  readonly seconds: number
  readonly corpus: number
  readonly reached: number
  readonly grownMiB: number
  readonly slowestMs: number
  readonly findings: readonly string[]
  readonly node: string
}

export const ledger: LedgerFile<LedgerLine> = new LedgerFile(join(workDirectory, 'ledger.jsonl'))

/** A table for people: each target's pieces added up, and the sum. */
export function renderLedger(lines: readonly LedgerLine[]): string {
  const rows = [...new Set(lines.map(({ target }) => target))].sort().map((target) => {
    const own = lines.filter((line) => line.target === target)
    const inputs = own.reduce((sum, line) => sum + line.inputs, 0)
    const seconds = own.reduce((sum, line) => sum + line.seconds, 0)
    return [
      target.padEnd(20),
      inputs.toLocaleString('en').padStart(13),
      Math.round(inputs / Math.max(seconds, 0.001))
        .toLocaleString('en')
        .padStart(9),
      String(own.at(-1)?.corpus ?? 0).padStart(7),
      String(Math.max(...own.map((line) => line.reached))).padStart(8),
      Math.max(...own.map((line) => line.grownMiB))
        .toFixed(1)
        .padStart(10),
      Math.max(...own.map((line) => line.slowestMs))
        .toFixed(1)
        .padStart(11),
      String(new Set(own.flatMap((line) => line.findings)).size).padStart(9)
    ].join('')
  })
  const total = lines.reduce((sum, line) => sum + line.inputs, 0)
  const head =
    'target                     inputs inputs/s corpus reached grown, MiB slowest, ms findings'
  return [head, ...rows, `in all ${total.toLocaleString('en').padStart(26)}`, ''].join('\n')
}
