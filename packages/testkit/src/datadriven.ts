// Scripts as text: each block is a command, its input, and the output that is expected of it. With
// REWRITE=1 in the environment the expected outputs are written anew, and the diff is reviewed.
// The form is that of cockroachdb/datadriven, which etcd uses for its Raft.
//
//   block  := comment* command line* "----" expected
//   command:= name (word | key "=" value | key "=(" value ("," value)* ")")*
//   expected ends at a blank line; where it holds blank lines itself, it is fenced by a second
//   "----" line before and two "----" lines after.
import { readFileSync, writeFileSync } from 'node:fs'

/** One value of a command: a bare word has no values. */
export interface ScriptArgument {
  readonly key: string
  readonly values: readonly string[]
}

export interface ScriptBlock {
  readonly command: string
  readonly arguments: readonly ScriptArgument[]
  /** The lines between the command and `----`, joined by newlines, without the last one. */
  readonly input: string
  /** Ends with a newline unless it is empty. */
  readonly expected: string
  /** Line of the command in its file, from 1. */
  readonly line: number
}

export interface ScriptMismatch {
  readonly line: number
  readonly command: string
  readonly expected: string
  readonly actual: string
}

const separator = '----'

function parseArguments(text: string, line: number): ScriptArgument[] {
  const found: ScriptArgument[] = []
  const pattern = /([^\s=()]+)(?:=(?:\(([^()]*)\)|([^\s()]*)))?(?:\s+|$)/y
  while (pattern.lastIndex < text.length) {
    const start = pattern.lastIndex
    const match = pattern.exec(text)
    if (match === null) throw new Error(`line ${line}: cannot read '${text.slice(start)}'`)
    const [, key = '', list, value] = match
    if (list !== undefined) {
      const values = list.split(/[\s,]+/).filter((item) => item !== '')
      found.push({ key, values })
    } else found.push({ key, values: value === undefined ? [] : [value] })
  }
  return found
}

interface Piece {
  readonly block: ScriptBlock
  /** Everything from the end of the block before up to and including `----`. */
  readonly head: string
}

function readExpected(lines: readonly string[], from: number): { text: string; next: number } {
  let at = from
  const kept: string[] = []
  if (lines[at] === separator) {
    at += 1
    while (!(lines[at] === separator && lines[at + 1] === separator)) {
      if (at >= lines.length) throw new Error(`line ${from}: the fence is not closed`)
      kept.push(lines[at] as string)
      at += 1
    }
    at += 2
  } else {
    while (at < lines.length && lines[at] !== '') {
      kept.push(lines[at] as string)
      at += 1
    }
  }
  return { text: kept.length === 0 ? '' : `${kept.join('\n')}\n`, next: at }
}

function parsePieces(text: string): { pieces: Piece[]; tail: string } {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  const pieces: Piece[] = []
  let headStart = 0
  let at = 0
  while (at < lines.length) {
    const first = lines[at] as string
    if (first === '' || first.startsWith('#')) {
      at += 1
      continue
    }
    const line = at + 1
    const [, command = '', rest = ''] = /^(\S+)\s*(.*)$/.exec(first) ?? []
    const inputStart = at + 1
    at = inputStart
    while (lines[at] !== separator) {
      if (at >= lines.length) throw new Error(`line ${line}: '${command}' has no ----`)
      at += 1
    }
    const input = lines.slice(inputStart, at).join('\n')
    const head = `${lines.slice(headStart, at + 1).join('\n')}\n`
    const { text: expected, next } = readExpected(lines, at + 1)
    const block = { command, arguments: parseArguments(rest, line), input, expected, line }
    pieces.push({ block, head })
    at = next
    headStart = next
  }
  const tail = lines.slice(headStart).join('\n')
  return { pieces, tail: tail === '' ? '' : `${tail}\n` }
}

/** The blocks of a script. @throws Error that names the line of what cannot be read. */
export function parseScript(text: string): ScriptBlock[] {
  return parsePieces(text).pieces.map((piece) => piece.block)
}

/** The one value of `key`, or undefined where the command lacks it. */
export function argumentOf(block: ScriptBlock, key: string): string | undefined {
  return block.arguments.find((argument) => argument.key === key)?.values[0]
}

function render(actual: string): string {
  const ended = actual === '' || actual.endsWith('\n') ? actual : `${actual}\n`
  const isFenced = ended
    .split('\n')
    .slice(0, -1)
    .some((line) => line === '' || line === separator)
  return isFenced ? `${separator}\n${ended}${separator}\n${separator}\n` : ended
}

function finish(actual: string): string {
  return actual === '' || actual.endsWith('\n') ? actual : `${actual}\n`
}

export interface ScriptOutcome {
  readonly blocks: number
  readonly mismatches: readonly ScriptMismatch[]
  /** The script with every expected output replaced by what came. */
  readonly rewritten: string
}

/** Runs a script that is at hand as text. A handler that throws ends the run. */
export function runScriptText(text: string, handle: (block: ScriptBlock) => string): ScriptOutcome {
  const { pieces, tail } = parsePieces(text)
  const mismatches: ScriptMismatch[] = []
  let rewritten = ''
  for (const { block, head } of pieces) {
    const actual = finish(handle(block))
    rewritten += head + render(actual)
    if (actual !== block.expected) {
      const { line, command, expected } = block
      mismatches.push({ line, command, expected, actual })
    }
  }
  return { blocks: pieces.length, mismatches, rewritten: rewritten + tail }
}

function isRewriting(): boolean {
  // biome-ignore lint/style/noProcessEnv: the switch of the test run, not a setting of the product.
  return process.env['REWRITE'] === '1'
}

/** Runs the script in `file`; with REWRITE=1 writes what came and reports no mismatch. */
export function runScript(
  file: string | URL,
  handle: (block: ScriptBlock) => string,
  rewrite: boolean = isRewriting()
): ScriptOutcome {
  const outcome = runScriptText(readFileSync(file, 'utf8'), handle)
  if (!rewrite) return outcome
  writeFileSync(file, outcome.rewritten)
  return { ...outcome, mismatches: [] }
}
