// Runs every script in testdata: frames in, frames out, and what the member is asked. See
// script-connection.ts for the commands. REWRITE=1 writes what came out; the diff is reviewed.
import { readdirSync } from 'node:fs'
import { runScript } from '@holdfast/testkit'
import t from 'tap'
import { ScriptConnection } from './script-connection.ts'

const testdata = new URL('test/testdata/', import.meta.resolve('@holdfast/amqp/package.json'))

for (const name of readdirSync(testdata).sort()) {
  t.test(`script ${name}`, async (t) => {
    const connection = new ScriptConnection()
    const outcome = runScript(new URL(name, testdata), (block) => connection.run(block))
    t.ok(outcome.blocks > 0)
    for (const { line, command, expected, actual } of outcome.mismatches) {
      t.equal(actual, expected, `${name}:${line} ${command}`)
    }
  })
}
