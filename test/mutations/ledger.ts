// What is known of each mutation, as JSON lines in a file that is only added to: a hunt that was
// stopped goes on where it was. A line counts for the text of its mutation and for the state of the
// code only.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LedgerFile, repositoryRoot } from '@holdfast/testkit'
import type { Stretch } from './hunter.ts'
import { fingerprintOf, type Mutation } from './mutation.ts'

/** What one piece of a hunt has found. */
export interface Finding {
  readonly name: string
  readonly mutation: string
  readonly code: string
  /** Stretches that were tried, the last one perhaps in part. */
  readonly stretches: number
  /** Where, and the seed or the number of the suite there, that was tried last. */
  readonly ground: Stretch['ground']
  readonly tried: number
  /** What caught it; null if nothing has. */
  readonly found: string | null
  readonly ms: number
}

/** The state of the code that is mutated and of the code that hunts. */
export function fingerprintOfCode(): string {
  const hash = createHash('sha256')
  const packages = join(repositoryRoot, 'packages')
  for (const name of readdirSync(packages).sort()) {
    const built = join(packages, name, 'dist')
    if (!existsSync(built)) continue
    const files = readdirSync(built, { recursive: true }).map(String)
    // A bundle says nothing that the modules do not, and may be there or not.
    const modules = files.filter((path) => path.endsWith('.js') && !path.startsWith('bundle/'))
    for (const file of modules.sort()) {
      hash.update(file).update(readFileSync(join(built, file)))
    }
  }
  return hash.digest('hex').slice(0, 12)
}

export class Ledger {
  readonly #file: LedgerFile<Finding>
  readonly #code: string
  readonly #findings = new Map<string, Finding>()

  constructor(path: string, code: string) {
    this.#file = new LedgerFile(path)
    this.#code = code
    for (const finding of this.#file.read()) {
      if (finding.code === code) this.#findings.set(keyOf(finding), finding)
    }
  }

  /** What is known of a mutation as it is now. */
  get(mutation: Mutation): Finding | null {
    const { name } = mutation
    return this.#findings.get(keyOf({ name, mutation: fingerprintOf(mutation) })) ?? null
  }

  add(mutation: Mutation, piece: Pick<Finding, 'ground' | 'tried' | 'found' | 'ms'>): Finding {
    const fingerprint = fingerprintOf(mutation)
    const before = this.get(mutation)
    const finding: Finding = {
      name: mutation.name,
      mutation: fingerprint,
      code: this.#code,
      stretches: (before?.stretches ?? 0) + 1,
      ground: piece.ground,
      tried: piece.tried,
      found: piece.found,
      ms: piece.ms + (before?.ms ?? 0)
    }
    this.#file.append(finding)
    this.#findings.set(keyOf(finding), finding)
    return finding
  }
}

function keyOf({ name, mutation }: Pick<Finding, 'name' | 'mutation'>): string {
  return `${name} ${mutation}`
}
