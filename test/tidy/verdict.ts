// How a rule of the tidy test passes or fails: with each offence by itself.
import type { Source } from './workspace.ts'

const offencesMax = 40

/** A tap test. */
export interface Verdict {
  pass(message: string): unknown
  fail(message: string): unknown
}

/** Passes, or fails once for each offence; the first ones, if there are very many. */
export function none(t: Verdict, offences: readonly string[], rule: string): void {
  if (offences.length === 0) t.pass(rule)
  for (const offence of offences.slice(0, offencesMax)) t.fail(`${rule}: ${offence}`)
  const left = offences.length - offencesMax
  if (left > 0) t.fail(`${rule}: and ${left} more`)
}

/** Every match of `pattern` in the code (not the comments) of the sources, as offences. */
export function matches(
  sources: readonly Source[],
  pattern: RegExp,
  advice: string
): readonly string[] {
  const offences: string[] = []
  for (const { path, code } of sources) {
    for (const [place, line] of code.split('\n').entries()) {
      const found = pattern.exec(line)
      if (found !== null) offences.push(`${path}:${place + 1}: ${found[0].trim()}: ${advice}`)
    }
  }
  return offences
}
