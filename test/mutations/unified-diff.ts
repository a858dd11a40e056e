// Reads a unified diff (`git diff`, `diff -u`) as edits. A hunk becomes one edit: its lines with
// their context are the place, and as many lines around them as it takes to make the place unique.
import { countOf, type Edit, MutationError } from './mutation.ts'

interface Hunk {
  /** Line of the file, counted from 1, at which the hunk begins. */
  readonly line: number
  readonly before: string[]
  readonly after: string[]
}

/** `sourceOf` gives the text of a file as it is. @throws MutationError */
export function editsOfDiff(diff: string, sourceOf: (file: string) => string): readonly Edit[] {
  const edits: Edit[] = []
  let file: string | null = null
  let hunk: Hunk | null = null
  const close = (): void => {
    if (hunk !== null && file !== null) edits.push(editOf(hunk, file, sourceOf(file)))
    hunk = null
  }
  for (const line of diff.split('\n')) {
    const header = /^@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@/.exec(line)
    if (line.startsWith('--- ') || line.startsWith('diff ')) close()
    else if (line.startsWith('+++ ')) file = fileOf(line)
    else if (header !== null) {
      close()
      hunk = { line: Number(header[1]), before: [], after: [] }
    } else if (hunk !== null) take(hunk, line)
  }
  close()
  return edits
}

function fileOf(line: string): string {
  const [path = ''] = line.slice(4).split('\t')
  return path.replace(/^[ab]\//, '').trim()
}

function take(hunk: Hunk, line: string): void {
  const rest = line.slice(1)
  if (line.startsWith('-')) hunk.before.push(rest)
  else if (line.startsWith('+')) hunk.after.push(rest)
  else if (line.startsWith(' ')) {
    hunk.before.push(rest)
    hunk.after.push(rest)
  }
}

function editOf(hunk: Hunk, file: string, source: string): Edit {
  const lines = source.split('\n')
  const { before, after } = hunk
  let start = nearest(lines, before, hunk.line - 1)
  if (start === null) throw new MutationError(`${file} has no place for the hunk at ${hunk.line}`)
  let end = start + before.length
  let find = before.join('\n')
  let replace = after.join('\n')
  while (countOf(source, find) !== 1 && (start > 0 || end < lines.length)) {
    if (start > 0) {
      start -= 1
      find = `${lines[start]}\n${find}`
      replace = `${lines[start]}\n${replace}`
    }
    if (end < lines.length) {
      find = `${find}\n${lines[end]}`
      replace = `${replace}\n${lines[end]}`
      end += 1
    }
  }
  return { file, find, replace }
}

/** Where `part` begins in `lines`, of several places the one nearest to `line`. */
function nearest(lines: readonly string[], part: readonly string[], line: number): number | null {
  let found: number | null = null
  for (let at = 0; at + part.length <= lines.length; at += 1) {
    if (!part.every((text, i) => lines[at + i] === text)) continue
    if (found === null || Math.abs(at - line) < Math.abs(found - line)) found = at
  }
  return found
}
