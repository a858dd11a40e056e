// Data-driven scripts: blocks of `command`, a line `----`, and the expected output up to an empty
// line. Lines that begin with `#` are told to the reader. With REWRITE as argument the file is
// written anew with what came out, and the difference is reviewed.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'

export interface Block {
  readonly comment: string
  readonly command: string
  readonly expected: string
}

/** Where the scripts of this package are, from `test` as from `dist/test`. */
export const testdata: string = fileURLToPath(
  new URL('test/testdata/', import.meta.resolve('@holdfast/raft/package.json'))
)

export function listScripts(directory: string): readonly string[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.txt')).sort()
}

export function parseScript(text: string): readonly Block[] {
  return text
    .split(/\n\n+/)
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const lines = part.replace(/\n+$/, '').split('\n')
      const start = lines.findIndex((line) => !line.startsWith('#'))
      const comment = (start === -1 ? lines : lines.slice(0, start)).join('\n')
      const [command = '', , ...expected] = start === -1 ? [] : lines.slice(start)
      return { comment, command, expected: expected.join('\n') }
    })
}

function formatBlock(block: Block, actual: string): string {
  const head = block.comment === '' ? [] : [block.comment]
  if (block.command === '') return head.join('\n')
  return [...head, block.command, '----', ...(actual === '' ? [] : [actual])].join('\n')
}

export interface Outcome {
  readonly block: Block
  readonly actual: string
}

/** Runs a script block by block; an error of a command is its output. */
export function runScript(path: string, run: (command: string) => string): readonly Outcome[] {
  const outcomes = parseScript(readFileSync(path, 'utf8')).map((block) => {
    if (block.command === '') return { block, actual: '' }
    try {
      return { block, actual: run(block.command) }
    } catch (error) {
      return { block, actual: `error: ${error instanceof Error ? error.message : error}` }
    }
  })
  if (argv.includes('REWRITE')) {
    const blocks = outcomes.map(({ block, actual }) => formatBlock(block, actual))
    writeFileSync(path, `${blocks.join('\n\n')}\n`)
  }
  return outcomes
}
