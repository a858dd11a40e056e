// Runs every script in testdata: what clients of AMQP send to a member, and what they are told. See
// script-member.ts for the commands. REWRITE=1 writes what came out; the diff is reviewed.
import { readdirSync } from 'node:fs'
import { runScript } from '@holdfast/testkit'
import t from 'tap'
import { ScriptMember } from '../script-member.ts'

const testdata = new URL(
  'test/sessions/testdata/',
  import.meta.resolve('@holdfast/cluster/package.json')
)

for (const name of readdirSync(testdata).sort()) {
  t.test(`script ${name}`, async (t) => {
    const member = new ScriptMember()
    const outcome = runScript(new URL(name, testdata), (block) => member.run(block))
    t.ok(outcome.blocks > 0)
    for (const { line, command, expected, actual } of outcome.mismatches) {
      t.equal(actual, expected, `${name}:${line} ${command}`)
    }
  })
}
