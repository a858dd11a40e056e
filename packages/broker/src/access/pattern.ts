// The patterns of permissions. They come from people, so they run on an engine whose time is linear
// in what it reads (docs/adr/0024): lookarounds and backreferences, which need backtracking, are
// refused. Whether a pattern is valid is decided where it comes in, and not in apply: another
// version of the engine may see it differently. One that this engine cannot read matches nothing.
import { HoldfastError } from '@holdfast/errors'
import { RE2JS } from 're2js'

/** Says whether a name, or a routing key, is one that the pattern means. */
export type Pattern = (name: string) => boolean

/** Instructions of a compiled pattern: time to match is at most this times the length. */
const programSizeMax = 1000

function compile(text: string): RE2JS {
  const compiled = RE2JS.compile(text)
  if (compiled.programSize() > programSizeMax) throw new RangeError('it is too complex')
  return compiled
}

/** @throws PATTERN_INVALID */
export function checkPattern(right: string, text: string): void {
  try {
    if (text !== '') compile(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new HoldfastError('PATTERN_INVALID', { right, reason }, { cause: error })
  }
}

/** As in RabbitMQ the pattern is searched for anywhere, and an empty one means the empty name. */
export function compilePattern(text: string): Pattern {
  if (text === '') return (name) => name === ''
  if (text === '.*') return () => true
  try {
    const compiled = compile(text)
    return (name) => compiled.test(name)
  } catch {
    return () => false
  }
}

/** Makes `text` a part of a pattern that stands for itself. */
export function quotePattern(text: string): string {
  return RE2JS.quote(text)
}
