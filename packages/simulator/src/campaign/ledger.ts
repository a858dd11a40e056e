// The ledger of a campaign: one JSON line a seed, so that a campaign can be stopped at any moment,
// run in pieces, and counted as a whole.
import { LedgerFile } from '@holdfast/testkit'
import type { SeedResult } from './result.ts'

export class Ledger {
  readonly results: Map<number, SeedResult> = new Map()
  readonly #file: LedgerFile<SeedResult> | null

  /** Null: nothing is kept. */
  constructor(path: string | null) {
    this.#file = path === null ? null : new LedgerFile(path)
    for (const result of this.#file?.read() ?? []) this.results.set(result.seed, result)
  }

  add(result: SeedResult): void {
    this.results.set(result.seed, result)
    this.#file?.append(result)
  }
}
