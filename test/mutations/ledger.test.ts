// A hunt goes from cheap to dear; what it has found survives its process, and is shown as a table.
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { rowsOf, stretchesOf } from './campaign.ts'
import { Ledger } from './ledger.ts'
import type { Mutation } from './mutation.ts'
import { renderSummary, renderTable } from './table.ts'

const edit = { file: 'packages/raft/src/log.ts', find: 'a', replace: 'b' }
const caught: Mutation = { ...edit, name: 'caught', failureMode: 7, catches: 'simulator' }
const open: Mutation = { ...edit, name: 'open', failureMode: null, catches: 'simulator' }

t.test(
  'tests of its package come after the first clusters, or alone where it names them',
  async (t) => {
    const grounds = stretchesOf(open, 200).map(({ ground, first }) => `${ground} ${first}`)
    t.same(grounds.slice(0, 5), ['group 1', 'cluster 1', 'suite 1', 'group 101', 'cluster 26'])
    const elsewhere = stretchesOf({ ...open, file: 'packages/broker/src/router.ts' }, 30)
    t.same(
      elsewhere.map(({ ground, first, last }) => [ground, first, ground === 'suite' || last]),
      [
        ['cluster', 1, 25],
        ['suite', 1, true],
        ['cluster', 26, 30]
      ]
    )
    t.same(stretchesOf({ ...open, catches: ['a.test.js', 'b.test.js'] }, 200), [
      { ground: 'suite', first: 1, last: 2 }
    ])
  }
)

t.test('what was found is there again, but not for other code or another text', async (t) => {
  const path = join(t.testdir(), 'kept', 'ledger.jsonl')
  const ledger = new Ledger(path, 'code')
  ledger.add(caught, { ground: 'group', tried: 100, found: null, ms: 10 })
  ledger.add(caught, { ground: 'cluster', tried: 117, found: 'cluster: at 12 ms: lost', ms: 5 })
  // The process ended while it wrote.
  appendFileSync(path, '{"name":"open","tri')
  const again = new Ledger(path, 'code')
  t.match(again.get(caught), {
    ground: 'cluster',
    tried: 117,
    found: 'cluster: at 12 ms: lost',
    ms: 15
  })
  t.equal(again.get(open), null)
  t.equal(again.get({ ...caught, replace: 'c' }), null)
  t.equal(new Ledger(path, 'other code').get(caught), null)
})

t.test('the table says what is caught, missed and open', async (t) => {
  const ledger = new Ledger(join(t.testdir(), 'ledger.jsonl'), 'code')
  const missed: Mutation = { ...edit, name: 'missed', failureMode: null, catches: 'simulator' }
  const quarries = [caught, missed, open].map((mutation) => ({ mutation, wanted: mutation.name }))
  ledger.add(caught, { ground: 'cluster', tried: 3, found: 'cluster: at 12 ms: lost', ms: 5 })
  for (let piece = 0; piece < stretchesOf(missed, 20).length; piece += 1) {
    ledger.add(missed, { ground: 'cluster', tried: 20, found: null, ms: 5 })
  }
  ledger.add(open, { ground: 'group', tried: 20, found: null, ms: 5 })
  const rows = rowsOf(quarries, ledger, 20)
  t.match(renderTable(rows), /caught +7 +caught +cluster 3 +cluster: lost/)
  t.match(renderTable(rows), /missed +missed +cluster 20/)
  t.match(renderSummary(rows), '1 of 3 caught, 1 missed, 1 not decided; seeds: median 3, most 3')
})
