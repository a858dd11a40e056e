// Mutations that are not in the catalogue: a JSON file with one or a list of them, in the form of
// the catalogue, or a unified diff, which is one mutation named by its file.
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { repositoryRoot } from '@holdfast/testkit'
import { type Edit, type Mutation, MutationError } from './mutation.ts'
import { catchersFor } from './suites.ts'
import { editsOfDiff } from './unified-diff.ts'

type Loose = Partial<Omit<Mutation, 'failureMode'>> & {
  readonly failureMode?: number | string | null
}

/** @throws MutationError if it is neither */
export function readMutationFile(path: string): readonly Mutation[] {
  const text = readFileSync(path, 'utf8')
  const name = basename(path).replace(/\.[^.]*$/, '')
  if (!/^\s*[[{]/.test(text)) {
    const readSource = (file: string): string => readFileSync(join(repositoryRoot, file), 'utf8')
    return [complete({ name, ...asMutation(editsOfDiff(text, readSource)) })]
  }
  const parsed = JSON.parse(text) as Loose | readonly Loose[]
  return (Array.isArray(parsed) ? parsed : [parsed]).map((loose: Loose) =>
    complete({ name, ...loose })
  )
}

function asMutation(edits: readonly Edit[]): Loose {
  const [first, ...also] = edits
  if (first === undefined) throw new MutationError('a diff without a change')
  return { ...first, also }
}

/** Who writes one by hand may leave out what follows from the rest. */
function complete(loose: Loose): Mutation {
  const { name, file, find, replace, also = [] } = loose
  if (name === undefined || file === undefined || find === undefined || replace === undefined) {
    throw new MutationError('a mutation has a name, a file, and what to find and to replace')
  }
  const number = Number(loose.failureMode ?? Number.NaN)
  const failureMode = Number.isInteger(number) ? number : null
  const catches = loose.catches ?? catchersFor([file, ...also.map((edit) => edit.file)])
  return { name, failureMode, file, find, replace, also, catches }
}
