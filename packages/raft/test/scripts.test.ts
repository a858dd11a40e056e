// Runs every script in testdata: scenes of the protocol, told message by message. See
// script-group.ts for the commands. `node dist/test/scripts.test.js REWRITE` writes what came out.
import { join } from 'node:path'
import t from 'tap'
import { ScriptGroup } from './script-group.ts'
import { listScripts, parseScript, runScript, testdata } from './script-runner.ts'

for (const name of listScripts(testdata)) {
  t.test(`script ${name}`, async (t) => {
    const group = new ScriptGroup()
    for (const { block, actual } of runScript(join(testdata, name), (line) => group.run(line))) {
      t.equal(actual, block.expected, block.command)
    }
  })
}

t.test('a script is blocks of comment, command and expectation', async (t) => {
  t.same(parseScript('# a\n\n# b\nc d\n----\ne\nf\n\ng\n----\n'), [
    { comment: '# a', command: '', expected: '' },
    { comment: '# b', command: 'c d', expected: 'e\nf' },
    { comment: '', command: 'g', expected: '' }
  ])
})
