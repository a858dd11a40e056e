// A mutation is a deliberate bug as data: a place in a source and what stands there instead. The
// product knows nothing of mutations; they are put into the text of a module when it is loaded (see
// preload.ts). Each has a name and the failure mode that it stands for.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '@holdfast/testkit'

/** One place. `find` occurs exactly once in the file. */
export interface Edit {
  /** From the root of the repository: `packages/raft/src/log.ts`. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

export interface Mutation extends Edit {
  /** In kebab-case. It says what the bug does. */
  readonly name: string
  /** Number in the catalogue of failure modes; null where it has none. */
  readonly failureMode: number | null
  /** Further places, where one alone is caught by a second guard before it does any harm. */
  readonly also?: readonly Edit[]
  /** The simulator, or built test files for what lies in the shell around the member. */
  readonly catches: 'simulator' | readonly string[]
}

export class MutationError extends Error {}

export function editsOf({ file, find, replace, also = [] }: Mutation): readonly Edit[] {
  return [{ file, find, replace }, ...also]
}

/** Tells two versions of a mutation apart, and two states of the code it is put into. */
export function fingerprintOf(mutation: Mutation): string {
  const hash = createHash('sha256').update(JSON.stringify(editsOf(mutation)))
  return hash.digest('hex').slice(0, 12)
}

export function countOf(text: string, part: string): number {
  return text.split(part).length - 1
}

/** @throws MutationError unless the place is there once, and the edit changes it. */
export function applyEdit(text: string, { file, find, replace }: Edit): string {
  const count = countOf(text, find)
  if (count !== 1) throw new MutationError(`${file} has the place ${count} times: ${find}`)
  if (find === replace) throw new MutationError(`${file} stays as it is`)
  // A function, since `$` means something in a replacement that is a string.
  return text.replace(find, () => replace)
}

/** The sources that a mutation changes, by file from the root. @throws MutationError */
export function mutatedSources(mutation: Mutation): ReadonlyMap<string, string> {
  const sources = new Map<string, string>()
  for (const edit of editsOf(mutation)) {
    const text = sources.get(edit.file) ?? readFileSync(join(repositoryRoot, edit.file), 'utf8')
    sources.set(edit.file, applyEdit(text, edit))
  }
  return sources
}
