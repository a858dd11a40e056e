// What an acceptance script measured and whether it is enough: each check is printed as it is made,
// and the process exits with 1 if any failed or the script broke off.

export class Verdict {
  readonly #line: number
  #failed = 0
  #checks = 0

  constructor(line: number, title: string) {
    this.#line = line
    this.log(`Acceptance ${line}: ${title}`)
  }

  log(sentence: string): void {
    process.stdout.write(`${sentence}\n`)
  }

  /** `measured` is printed beside the claim; a failed check does not end the script. */
  check(claim: string, isMet: boolean, measured: string | number = ''): void {
    this.#checks += 1
    if (!isMet) this.#failed += 1
    this.log(`  ${isMet ? 'PASS' : 'FAIL'}  ${claim}${measured === '' ? '' : `: ${measured}`}`)
  }

  end(error?: unknown): boolean {
    if (error !== undefined) {
      this.#failed += 1
      this.log(`  FAIL  broke off: ${error instanceof Error ? error.stack : String(error)}`)
    }
    const isPassed = this.#failed === 0 && this.#checks > 0
    const counts = `${this.#checks - this.#failed} of ${this.#checks} checks`
    this.log(`${isPassed ? 'PASS' : 'FAIL'}  acceptance ${this.#line}, ${counts}`)
    return isPassed
  }
}

/** Runs a script to its verdict. */
export async function accept(
  line: number,
  title: string,
  run: (verdict: Verdict) => Promise<void>
): Promise<void> {
  const verdict = new Verdict(line, title)
  let isPassed = false
  try {
    await run(verdict)
    isPassed = verdict.end()
  } catch (error) {
    isPassed = verdict.end(error)
  }
  process.exit(isPassed ? 0 : 1)
}

/** A number from `--name N` of the command line. */
export function option(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? fallback : Number(process.argv[at + 1])
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
