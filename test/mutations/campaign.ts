// A hunt for many mutations: which are next, what is known of them, and the table at the end. It
// goes on where the ledger says that the last one was stopped.
import { huntSeeds, huntSuites } from './hunter.ts'
import type { Finding, Ledger } from './ledger.ts'
import type { Mutation } from './mutation.ts'

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
  readonly say: (text: string) => void
}

/** Seeds in one child: short, so that little is lost when a hunt is stopped. */
const pieceSeeds = 100

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

function isOpen(finding: Finding | null, { catches }: Mutation, seedsMax: number): boolean {
  if (finding === null) return true
  if (finding.found !== null) return false
  return catches === 'simulator' && finding.tried < seedsMax
}

async function huntOne({ mutation, wanted }: Quarry, options: CampaignOptions): Promise<void> {
  const { ledger, seedsMax, untilMs, say } = options
  const { name, catches } = mutation
  for (;;) {
    const known = ledger.get(mutation)
    if (!isOpen(known, mutation, seedsMax) || performance.now() >= untilMs) return
    const first = (known?.tried ?? 0) + 1
    const last = Math.min(seedsMax, first + pieceSeeds - 1)
    const piece =
      catches === 'simulator'
        ? await huntSeeds(wanted, first, last)
        : await huntSuites(wanted, catches)
    const { tried, found } = ledger.add(mutation, piece)
    say(found === null ? `${name}: nothing in ${tried}` : `${name}: ${found} (${tried})`)
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
