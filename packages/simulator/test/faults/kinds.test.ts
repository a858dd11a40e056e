// The page of the simulator lists every kind of fault with what it does, as the code says it.
import { readFileSync, writeFileSync } from 'node:fs'
import { repositoryRoot } from '@holdfast/testkit'
import t from 'tap'
import { conditionKinds, faultKinds } from '../../src/faults/kinds.ts'

// biome-ignore lint/style/noProcessEnv: generated tables are written again by hand.
const isRewriting = process.env['REWRITE'] === '1'
const path = `${repositoryRoot}/docs/internals/simulator.md`

function table(rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(([kind, says]) => `| \`${kind}\` | ${says} |`)
  return ['| kind | what it does |', '|---|---|', ...lines].join('\n')
}

/** The page with the tables that the code has. */
function rewritten(page: string): string {
  const tables = [
    table(Object.entries(conditionKinds)),
    table(Object.entries(faultKinds).map(([kind, { says }]) => [kind, says] as const))
  ]
  return page.replaceAll(/\| kind \| what it does \|\n(?:\|.*\|\n?)*/g, () => `${tables.shift()}\n`)
}

t.test('the page names every kind of fault', async (t) => {
  const page = readFileSync(path, 'utf8')
  if (isRewriting) writeFileSync(path, rewritten(page))
  t.equal(rewritten(readFileSync(path, 'utf8')), readFileSync(path, 'utf8'))
  t.ok(Object.keys(faultKinds).length + Object.keys(conditionKinds).length >= 30)
})
