// A long campaign in pieces: each piece has a cluster of its own and ends with a verdict over its
// whole history. A ledger keeps what was done; a piece that was not sound, or could not be ended,
// ends the campaign and leaves its data to look into.
import { join } from 'node:path'
import { removeDirectory, repositoryRoot } from '@holdfast/testkit'
import { runDirectory } from '../chaos/chaos-run.ts'
import type { Report } from '../chaos/violations.ts'
import { Ledger } from './ledger.ts'
import { isAllSound, renderSummary } from './summary.ts'

/** Options that every campaign has, for `parseArgs`. */
export function campaignFlags(name: string): {
  readonly seed: { readonly type: 'string'; readonly default: string }
  readonly rate: { readonly type: 'string'; readonly default: string }
  readonly piece: { readonly type: 'string'; readonly default: string }
  readonly minutes: { readonly type: 'string'; readonly default: string }
  readonly ledger: { readonly type: 'string'; readonly default: string }
  readonly resume: { readonly type: 'boolean'; readonly default: boolean }
  readonly help: { readonly type: 'boolean'; readonly default: boolean }
} {
  return {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    rate: { type: 'string', default: '100' },
    piece: { type: 'string', default: '100' },
    minutes: { type: 'string', default: '0' },
    ledger: { type: 'string', default: join(repositoryRoot, '.holdfast', `${name}.jsonl`) },
    resume: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false }
  }
}

/** What `campaignFlags` mean, with the words of this campaign. */
export function campaignUsage(deeds: string, ledger: string): string {
  return `  --seed N       of all that is drawn; printed (random)
  --rate N       messages a second (100)
  --piece N      ${deeds} with one cluster, before its history is judged (100)
  --minutes N    begins no more after so long; 0: no limit (0)
  --ledger FILE  where it is written down, line by line (.holdfast/${ledger}.jsonl)
  --resume       goes on with the ledger until it has N ${deeds}
`
}

export interface CampaignOptions {
  readonly name: string
  /** Deeds in all, over every piece in the ledger. */
  readonly total: number
  readonly seed: number
  readonly piece: number
  readonly minutes: number
  readonly ledger: string
  readonly isResumed: boolean
  readonly print: (text: string) => void
}

/** What a piece is given. */
export interface Piece {
  readonly directory: string
  readonly seed: number
  /** How many deeds at most. */
  readonly deeds: number
  readonly isOver: () => boolean
  /** Notes a deed: its kind, how long it took, what is to be known of it, and a line for people. */
  readonly note: (deed: Deed) => void
}

export interface Deed {
  readonly kind: string
  readonly seconds: number
  readonly details: Readonly<Record<string, unknown>>
  readonly sentence: string
}

export async function runCampaign(
  options: CampaignOptions,
  run: (piece: Piece) => Promise<Report>
): Promise<boolean> {
  const { total, minutes, print } = options
  const ledger = new Ledger(options.ledger, options.isResumed)
  const endMs = minutes === 0 ? Number.POSITIVE_INFINITY : performance.now() + minutes * 60_000
  for (;;) {
    const left = total - ledger.deeds.length
    if (left <= 0 || performance.now() > endMs) break
    if (!(await runPiece(options, ledger, endMs, run))) break
  }
  print(`\n${renderSummary(ledger)}`)
  const isSound = isAllSound(ledger)
  print(isSound ? 'PASS' : 'FAIL')
  return isSound
}

async function runPiece(
  options: CampaignOptions,
  ledger: Ledger,
  endMs: number,
  run: (piece: Piece) => Promise<Report>
): Promise<boolean> {
  const { total, print } = options
  const piece = ledger.nextPiece
  const seed = options.seed + piece
  const directory = runDirectory(options.name)
  let done = ledger.deeds.length
  const note = ({ kind, seconds, details, sentence }: Deed): void => {
    done += 1
    print(`${done}/${total}: ${kind}: ${sentence}; ${seconds.toFixed(1)} s`)
    ledger.append({ type: 'deed', piece, kind, seconds, details })
  }
  print(`piece ${piece}: seed ${seed}`)
  try {
    const deeds = Math.min(total - done, options.piece)
    const isOver = (): boolean => performance.now() > endMs
    const report = await run({ directory, seed, deeds, isOver, note })
    const isSound = report.isSound && report.errors === 0
    ledger.append({ type: 'verdict', piece, seed, isSound, report })
    if (isSound) removeDirectory(directory)
    else print(`piece ${piece} is not sound; its data and histories are in ${directory}`)
    return isSound
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    ledger.append({ type: 'failure', piece, seed, reason })
    print(`piece ${piece} failed: ${reason}\nits data and histories are in ${directory}`)
    return false
  }
}
