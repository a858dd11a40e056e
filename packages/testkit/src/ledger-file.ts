// The file below the ledger of a campaign: JSON lines that are only added to, by a process that may
// be killed at any moment.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'

export class LedgerFile<Line extends object> {
  readonly path: string
  /** What the next line begins with: a newline where a kill has cut the one before. */
  #lead: '' | '\n' | null = null

  /** Neither the file nor its directory has to exist. */
  constructor(path: string) {
    this.path = path
  }

  /** All lines in the order in which they were added; one that a kill has cut is none. */
  read(): Line[] {
    return this.#text()
      .split('\n')
      .map((line) => parse(line) as Line | null)
      .filter((line) => line !== null)
  }

  append(line: Line): void {
    if (this.#lead === null) {
      mkdirSync(dirname(this.path), { recursive: true })
      this.#lead = /[^\n]$/.test(this.#text()) ? '\n' : ''
    }
    appendFileSync(this.path, `${this.#lead}${JSON.stringify(line)}\n`)
    this.#lead = ''
  }

  #text(): string {
    return existsSync(this.path) ? readFileSync(this.path, 'utf8') : ''
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
