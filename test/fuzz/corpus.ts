// Inputs that are worth keeping: each line of a file is one input in base64, and a line that begins
// with `#` is for people. `corpus/TARGET.txt` holds inputs that together reach what is known to be
// reachable; `corpus/TARGET.found.txt` inputs that found a bug, with a word about it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { repositoryRoot } from '@holdfast/testkit'

/** Kept with the sources. */
export const corpusDirectory: string = join(repositoryRoot, 'test/fuzz/corpus')

/** Of campaigns: not kept with the sources. */
export const workDirectory: string = join(repositoryRoot, '.fuzz')

function readInputs(path: string): readonly Uint8Array[] {
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => new Uint8Array(Buffer.from(line, 'base64')))
}

/** Inputs that found a bug. */
export function foundInputs(target: string): readonly Uint8Array[] {
  return readInputs(join(corpusDirectory, `${target}.found.txt`))
}

/** Inputs that reach, bugs' inputs first. `isCampaign`: those of earlier campaigns as well. */
export function corpusInputs(target: string, isCampaign: boolean): readonly Uint8Array[] {
  const kept = readInputs(join(corpusDirectory, `${target}.txt`))
  const grown = isCampaign ? readInputs(join(workDirectory, 'corpus', `${target}.txt`)) : []
  return [...foundInputs(target), ...kept, ...grown]
}

/** Replaces the corpus of campaigns, or (`isKept`) the one that is kept with the sources. */
export function writeCorpus(target: string, inputs: readonly Uint8Array[], isKept: boolean): void {
  const directory = isKept ? corpusDirectory : join(workDirectory, 'corpus')
  const path = join(directory, `${target}.txt`)
  mkdirSync(dirname(path), { recursive: true })
  const lines = inputs.map((input) => Buffer.from(input).toString('base64'))
  writeFileSync(path, `${[...new Set(lines)].join('\n')}\n`)
}
