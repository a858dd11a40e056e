// The ledger of a campaign: one JSON line per piece that has ended, appended when it has. Whoever
// stops a campaign loses the piece under way and nothing else; the next start goes on behind it.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Gap } from '../gap-meter.ts'
import type { Report } from '../violations.ts'
import type { ProfileName } from './profile.ts'

export interface PieceRecord {
  readonly piece: number
  readonly profile: ProfileName
  /** Of the campaign; that of the piece follows from it and the number. */
  readonly seed: number
  readonly seconds: number
  readonly nodes: number
  readonly isIsolated: boolean
  readonly isDrained: boolean
  readonly strikes: Readonly<Record<string, number>>
  readonly leftOut: readonly string[]
  readonly faults: Readonly<Record<string, number>>
  readonly gaps: readonly Pick<Gap, 'fault' | 'queueMs'>[]
  /** Stalls by the faults that explain them, joined; '' for none. */
  readonly stalls: Readonly<Record<string, number>>
  readonly recoveryMs: number
  readonly calmElections: number | null
  readonly report: Report
  /** Where data and histories are, if they were kept. */
  readonly directory: string | null
}

export class Ledger {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  read(): readonly PieceRecord[] {
    if (!existsSync(this.path)) return []
    // A last line that a kill has cut short was never a piece.
    const lines = readFileSync(this.path, 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as PieceRecord)
  }

  append(record: PieceRecord): void {
    mkdirSync(dirname(this.path), { recursive: true })
    appendFileSync(this.path, `${JSON.stringify(record)}\n`)
  }
}
