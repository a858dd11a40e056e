// What the ledger of a campaign keeps of each piece that has ended. Whoever stops a campaign loses
// the piece under way and nothing else; the next start goes on behind it.
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
