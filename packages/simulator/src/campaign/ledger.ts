// The ledger of a campaign: one JSON line a seed, so that a campaign can be stopped at any moment,
// run in pieces, and counted as a whole.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { SeedResult } from './result.ts'

export class Ledger {
  readonly results: Map<number, SeedResult> = new Map()
  readonly #path: string | null

  /** Null: nothing is kept. Lines that a kill has cut are passed over: their seeds run again. */
  constructor(path: string | null) {
    this.#path = path
    if (path === null) return
    mkdirSync(dirname(path), { recursive: true })
    if (!existsSync(path)) return
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      const result = parse(line)
      if (result !== null) this.results.set(result.seed, result)
    }
  }

  add(result: SeedResult): void {
    this.results.set(result.seed, result)
    // A line of its own also after one that was cut.
    if (this.#path !== null) appendFileSync(this.#path, `${JSON.stringify(result)}\n`)
  }
}

function parse(line: string): SeedResult | null {
  try {
    return JSON.parse(line) as SeedResult
  } catch {
    return null
  }
}
