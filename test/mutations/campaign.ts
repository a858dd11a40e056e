// A hunt for many mutations: which are next, what is known of them, and the table at the end. It
// goes on where the ledger says that the last one was stopped.
import type { GroundName } from './grounds.ts'
import { huntSeeds, huntSuites, type Piece, type Stretch } from './hunter.ts'
import type { Finding, Ledger } from './ledger.ts'
import { editsOf, type Mutation } from './mutation.ts'
import { suitesOf } from './suites.ts'

/** What is hunted: a mutation, and the words that name it to a child. */
export interface Quarry {
  readonly mutation: Mutation
  readonly wanted: string
}

export interface CampaignOptions {
  readonly ledger: Ledger
  readonly seedsMax: number
  readonly jobs: number
  /** Of the monotonic clock: nothing new is begun afterwards. */
  readonly untilMs: number
  readonly say: Say
}

type Say = (text: string) => void

/**
 * In which order a mutation is looked for: a group or a store costs a hundredth of a cluster, so
 * it goes ahead, but not so far that what only a cluster finds waits for long. What is no part of
 * them is looked for in clusters only, where a store does nothing that it does not do alone. What
 * 25 of them do not find may be seen by the tests of its package, which cost less than as many
 * more.
 */
export function stretchesOf(mutation: Mutation, seedsMax: number): readonly Stretch[] {
  const suites: Stretch = { ground: 'suite', first: 1, last: suitesOf(mutation).length }
  if (mutation.catches !== 'simulator') return [suites]
  const files = editsOf(mutation).map(({ file }) => file)
  const isFound: Readonly<Record<GroundName, boolean>> = {
    group: files.some((file) => file.startsWith('packages/raft/')),
    store: files.some((file) => file.startsWith('packages/storage/')),
    cluster: !files.every((file) => file.startsWith('packages/storage/'))
  }
  const seeds = (ground: GroundName, first: number, last: number, size: number): Stretch[] => {
    if (!isFound[ground]) return []
    return pieces(ground, first, Math.min(last, seedsMax), size)
  }
  return [
    ...seeds('group', 1, 100, 100),
    ...seeds('store', 1, 100, 100),
    ...seeds('cluster', 1, 25, 25),
    suites,
    ...seeds('group', 101, seedsMax, 500),
    ...seeds('store', 101, seedsMax, 500),
    ...seeds('cluster', 26, seedsMax, 25)
  ]
}

/** Short, so that little is lost when a hunt is stopped. */
function pieces(ground: GroundName, first: number, last: number, size: number): Stretch[] {
  const found: Stretch[] = []
  for (let at = first; at <= last; at += size) {
    found.push({ ground, first: at, last: Math.min(last, at + size - 1) })
  }
  return found
}

export async function runCampaign(
  quarries: readonly Quarry[],
  options: CampaignOptions
): Promise<void> {
  const left = [...quarries]
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      await huntOne(next, options)
    }
  }
  await Promise.all(Array.from({ length: options.jobs }, worker))
}

function isOpen(finding: Finding | null, mutation: Mutation, seedsMax: number): boolean {
  if (finding === null) return true
  return finding.found === null && finding.stretches < stretchesOf(mutation, seedsMax).length
}

/** What seeds find without any mutation, where that was asked. */
const controls = new Map<string, Promise<string | null>>()

/** A seed that fails anyway has caught nothing. */
function control(ground: GroundName, seed: number): Promise<string | null> {
  const key = `${ground} ${seed}`
  const stretch: Stretch<GroundName> = { ground, first: seed, last: seed }
  const known = controls.get(key) ?? huntSeeds('', stretch).then(({ found }) => found)
  controls.set(key, known)
  return known
}

/** Tries seeds to the end of a stretch, but for those that fail without the mutation, too. */
async function huntGround(wanted: string, stretch: Stretch<GroundName>, say: Say): Promise<Piece> {
  const { ground, last } = stretch
  let { first } = stretch
  let ms = 0
  while (first <= last) {
    const piece = await huntSeeds(wanted, { ground, first, last })
    ms += piece.ms
    if (piece.found === null) return { ...piece, ms }
    const known = await control(ground, piece.tried)
    if (known === null) return { ...piece, ms }
    say(`seed ${piece.tried} fails without a mutation: ${known}`)
    first = piece.tried + 1
  }
  return { tried: last, found: null, ms }
}

async function huntOne({ mutation, wanted }: Quarry, options: CampaignOptions): Promise<void> {
  const { ledger, seedsMax, untilMs, say } = options
  const { name } = mutation
  const stretches = stretchesOf(mutation, seedsMax)
  for (;;) {
    const known = ledger.get(mutation)
    const stretch = stretches[known?.stretches ?? 0]
    const isCaught = known !== null && known.found !== null
    if (isCaught || stretch === undefined || performance.now() >= untilMs) return
    const { ground, first, last } = stretch
    const piece =
      ground === 'suite'
        ? await huntSuites(wanted, suitesOf(mutation))
        : await huntGround(wanted, { ground, first, last }, say)
    const { tried, found } = ledger.add(mutation, { ...piece, ground })
    const where = `${ground} ${tried}`
    say(found === null ? `${name}: nothing up to ${where}` : `${name}: ${found} (${where})`)
  }
}

export interface Row {
  readonly mutation: Mutation
  readonly finding: Finding | null
  readonly state: 'caught' | 'missed' | 'open'
}

export function rowsOf(
  quarries: readonly Quarry[],
  ledger: Ledger,
  seedsMax: number
): readonly Row[] {
  return quarries.map(({ mutation }) => {
    const finding = ledger.get(mutation)
    if (finding !== null && finding.found !== null) return { mutation, finding, state: 'caught' }
    const state = isOpen(finding, mutation, seedsMax) ? 'open' : 'missed'
    return { mutation, finding, state }
  })
}
