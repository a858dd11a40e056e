// A campaign: pieces one after another until its minutes are over, each with a line in the ledger.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { LedgerFile, mix, repositoryRoot } from '@holdfast/testkit'
import { Checker } from '../checker.ts'
import type { Namespaces } from '../network/namespaces.ts'
import { Violations } from '../violations.ts'
import { Deck } from './deck.ts'
import { type PieceResult, runPiece } from './piece.ts'
import type { PieceRecord } from './piece-record.ts'
import { type Profile, type ProfileName, profileOf } from './profile.ts'
import { type Summary, summarise } from './summary.ts'

export interface CampaignOptions {
  readonly profile: ProfileName
  readonly seed: number
  /** Path of the ledger; an existing one is gone on with. */
  readonly ledger: string
  /** How long this start may take; the campaign itself is as long as its profile says. */
  readonly minutes: number
  readonly network: Namespaces | null
  readonly isKept: boolean
  readonly log: (sentence: string) => void
}

const shortestPieceSeconds = 30
/** Start, drain and verdict of a piece take about so long. */
const overheadSeconds = 40

export function defaultLedger(profile: ProfileName, seed: number): string {
  return join(repositoryRoot, '.holdfast', 'ledgers', `chaos-${profile}-${seed}.jsonl`)
}

/** Runs as much of the campaign as the minutes allow, and reports on all of it. */
export async function runCampaign(options: CampaignOptions): Promise<Summary> {
  const { log, seed } = options
  const profile = profileOf(options.profile)
  const ledger = new LedgerFile<PieceRecord>(options.ledger)
  const endMs = performance.now() + options.minutes * 60_000
  for (;;) {
    const records = ledger.read()
    const doneSeconds = records.reduce((sum, { seconds }) => sum + seconds, 0)
    const leftSeconds = profile.minutes * 60 - doneSeconds
    const hereSeconds = (endMs - performance.now()) / 1_000 - overheadSeconds
    const seconds = Math.round(Math.min(profile.pieceMinutes * 60, leftSeconds, hereSeconds))
    if (seconds < Math.min(shortestPieceSeconds, leftSeconds)) break
    if (leftSeconds < 1) break
    const piece = records.length + 1
    log(`piece ${piece} of seed ${seed}, ${seconds} s; ${Math.round(doneSeconds / 60)} min done`)
    ledger.append(await runOne(options, profile, records, seconds))
  }
  log(`ledger: ${ledger.path}`)
  return summarise(ledger.read())
}

async function runOne(
  { profile: name, seed, network, isKept, log }: CampaignOptions,
  profile: Profile,
  records: readonly PieceRecord[],
  seconds: number
): Promise<PieceRecord> {
  const piece = records.length + 1
  const dealt = records.reduce((sum, record) => sum + sumOf(record.strikes), 0)
  const deck = new Deck(profile.deck, seed, dealt)
  // Every fourth cluster is larger.
  const nodes = piece % 4 === 0 ? 5 : 3
  const pieceSeed = mix(seed + piece)
  const next = (): ReturnType<Deck['next']> => deck.next()
  const { rate, publishers, isTimed } = profile
  const load = { rate, publishers }
  const options = { seed: pieceSeed, seconds, nodes, load, isTimed, next, network, isKept, log }
  const about = { piece, profile: name, seed, seconds, nodes, isIsolated: network !== null }
  try {
    return recordOf(await runPiece(options), about)
  } catch (error) {
    // A piece that came to no verdict has failed, and is not to be forgotten.
    const sentence = error instanceof Error ? error.message : String(error)
    log(`piece ${piece} failed: ${sentence}`)
    return { ...about, ...noVerdict(sentence) }
  }
}

function noVerdict(sentence: string): Omit<PieceRecord, keyof About> {
  const violations = new Violations()
  violations.add('stuck', sentence)
  return {
    isDrained: false,
    strikes: {},
    leftOut: [],
    faults: {},
    gaps: [],
    stalls: {},
    recoveryMs: 0,
    calmElections: null,
    report: new Checker({ isStrict: true, violations }).finish(),
    directory: null
  }
}

type About = Pick<PieceRecord, 'piece' | 'profile' | 'seed' | 'seconds' | 'nodes' | 'isIsolated'>

function recordOf(result: PieceResult, about: About): PieceRecord {
  const stalls: Record<string, number> = {}
  for (const { faults } of result.stalls) {
    const why = faults.join(' + ')
    stalls[why] = (stalls[why] ?? 0) + 1
  }
  const { report, isDrained, faults, strikes, leftOut, recoveryMs, calmElections } = result
  const gaps = result.gaps.map(({ fault, queueMs }) => ({ fault, queueMs: Math.round(queueMs) }))
  return {
    ...about,
    isDrained,
    strikes,
    leftOut,
    faults,
    gaps,
    stalls,
    recoveryMs: Math.round(recoveryMs),
    calmElections,
    report,
    directory: existsSync(result.directory) ? result.directory : null
  }
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}
