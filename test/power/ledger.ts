// The ledger of a long campaign: one JSON line an event, appended and flushed at once, so that a
// campaign can be stopped at any moment and resumed. What was done in a piece counts only with the
// verdict of that piece.
import { rmSync } from 'node:fs'
import { LedgerFile } from '@holdfast/testkit'
import type { Report } from '../chaos/violations.ts'

/** Something that was done to the cluster, in the course of a piece. */
export interface DeedRow {
  readonly type: 'deed'
  readonly piece: number
  /** What kind of deed, as the summary counts it: `all/ordered`, `flip/stopped`. */
  readonly kind: string
  readonly seconds: number
  /** For people who look into it. */
  readonly details: Readonly<Record<string, unknown>>
}

export interface VerdictRow {
  readonly type: 'verdict'
  readonly piece: number
  readonly seed: number
  readonly isSound: boolean
  readonly report: Report
}

/** A piece that could not be ended, and why: nothing in it counts, and somebody has to look. */
export interface FailureRow {
  readonly type: 'failure'
  readonly piece: number
  readonly seed: number
  readonly reason: string
}

export type LedgerRow = DeedRow | VerdictRow | FailureRow

export class Ledger {
  readonly #file: LedgerFile<LedgerRow>
  readonly #rows: LedgerRow[]

  /** Goes on with the ledger that is there, or begins anew. */
  constructor(path: string, isResumed: boolean) {
    if (!isResumed) rmSync(path, { force: true })
    this.#file = new LedgerFile(path)
    this.#rows = this.#file.read()
  }

  append(row: LedgerRow): void {
    this.#rows.push(row)
    this.#file.append(row)
  }

  /** Number of the next piece, from 1; a seed of its own follows from it. */
  get nextPiece(): number {
    return this.#rows.reduce((most, { piece }) => Math.max(most, piece), 0) + 1
  }

  get verdicts(): readonly VerdictRow[] {
    return this.#rows.filter((row) => row.type === 'verdict')
  }

  get failures(): readonly FailureRow[] {
    return this.#rows.filter((row) => row.type === 'failure')
  }

  /** Deeds of the pieces that have a verdict. */
  get deeds(): readonly DeedRow[] {
    const judged = new Set(this.verdicts.map(({ piece }) => piece))
    return this.#rows.filter((row) => row.type === 'deed' && judged.has(row.piece)) as DeedRow[]
  }
}
