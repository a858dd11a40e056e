// The script runner: parses blocks, reports mismatches by line, rewrites without loss.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { argumentOf, parseScript, runScript, runScriptText } from '../src/datadriven.ts'
import { temporaryDirectory } from '../src/temporary-directory.ts'

const script = `# a comment
add left=1 right=2
----
3

# two of them
echo flag list=(a, b c)
first

second
----
----
first

second
----
----
`

const handle = (block: { command: string; input: string }): string =>
  block.command === 'echo' ? block.input : '3'

t.test('parses commands, arguments, input and fenced output', async (t) => {
  const [add, echo] = parseScript(script)
  t.match(add, { command: 'add', input: '', expected: '3\n', line: 2 })
  t.equal(add && argumentOf(add, 'right'), '2')
  t.equal(add && argumentOf(add, 'none'), undefined)
  t.same(echo?.arguments, [
    { key: 'flag', values: [] },
    { key: 'list', values: ['a', 'b', 'c'] }
  ])
  t.match(echo, { input: 'first\n\nsecond', expected: 'first\n\nsecond\n' })
})

t.test('a run that agrees rewrites the same text', async (t) => {
  const outcome = runScriptText(script, handle)
  t.equal(outcome.blocks, 2)
  t.same(outcome.mismatches, [])
  t.equal(outcome.rewritten, script)
})

t.test('a mismatch names line, expected and actual', async (t) => {
  const { mismatches } = runScriptText(script.replace('3\n', '4\n'), handle)
  t.same(mismatches, [{ line: 2, command: 'add', expected: '4\n', actual: '3\n' }])
})

t.test('rewriting a file mends it', async (t) => {
  const file = join(temporaryDirectory(t), 'script.txt')
  writeFileSync(file, 'echo\na\n\nb\n----\nwrong\n\nadd\n----\n')
  t.equal(runScript(file, handle, false).mismatches.length, 2)
  t.same(runScript(file, handle, true).mismatches, [])
  t.same(runScript(file, handle, false).mismatches, [])
  t.match(readFileSync(file, 'utf8'), /----\n----\na\n\nb\n----\n----\n\nadd\n----\n3\n/)
})

t.test('what cannot be read is refused with its line', async (t) => {
  t.throws(() => parseScript('add\nno end\n'), /line 1: 'add' has no ----/)
  t.throws(() => parseScript('\nadd (\n----\n'), /line 2: cannot read/)
  t.throws(() => parseScript('add\n----\n----\nopen\n'), /fence/)
})
