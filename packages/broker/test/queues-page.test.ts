// Pages of queues: every queue once in order, whatever comes and goes between pages; cursors of any
// text.
import t from 'tap'
import type { MetadataMachine } from '../src/index.ts'
import { applyAll, createMachine, give, queue } from './metadata-fixture.ts'

function walk(machine: MetadataMachine, limit: number): readonly string[] {
  const seen: string[] = []
  for (let cursor: string | null = null; ; ) {
    const page = machine.topology.queuesPage(limit, cursor)
    seen.push(...page.queues.map(({ vhost, name }) => `${vhost} ${name}`))
    if (page.cursor === null) return seen
    cursor = page.cursor
  }
}

t.test('pages of any size give every queue once, by vhost and name', async (t) => {
  const machine = createMachine()
  for (const vhost of ['b', 'empty', 'a/ü%', 'z']) give(machine, { type: 'declare-vhost', vhost })
  const names = ['q/1', 'Q', 'ü', '%2F', ' ', '\u{1F600}', '10', '9']
  for (const vhost of ['b', '/', 'z', 'a/ü%']) {
    applyAll(
      machine,
      names.map((name) => queue(name, vhost))
    )
  }
  const sorted = ['/', 'a/ü%', 'b', 'z'].flatMap((vhost) =>
    names.toSorted((a, b) => (a < b ? -1 : 1)).map((name) => `${vhost} ${name}`)
  )
  for (const limit of [1, 2, 3, 7, 8, 9, 31, 32, 33, 1000]) t.same(walk(machine, limit), sorted)
})

t.test('a cursor outlives its queue and its vhost', async (t) => {
  const machine = createMachine()
  applyAll(machine, [{ type: 'declare-vhost', vhost: 'a' }, queue('q', 'a')])
  applyAll(
    machine,
    ['1', '2', '3'].map((name) => queue(name))
  )
  const { cursor } = machine.topology.queuesPage(2, null)
  give(machine, { type: 'delete-queue', vhost: '/', name: '2', queue: null })
  t.same(
    machine.topology.queuesPage(9, cursor).queues.map(({ name }) => name),
    ['3', 'q']
  )
  for (const name of ['1', '3'])
    give(machine, { type: 'delete-queue', vhost: '/', name, queue: null })
  give(machine, { type: 'delete-vhost', vhost: '/' })
  t.same(
    machine.topology.queuesPage(9, cursor).queues.map(({ name }) => name),
    ['q']
  )
})

t.test('of some vhosts a page is as full, and its cursor names none of another', async (t) => {
  const machine = createMachine()
  for (const vhost of ['a', 'b', 'c']) {
    give(machine, { type: 'declare-vhost', vhost })
    applyAll(
      machine,
      ['1', '2'].map((name) => queue(name, vhost))
    )
  }
  const vhosts = ['c', 'a', 'gone']
  const first = machine.topology.queuesPage(2, null, vhosts)
  t.match(first, { queues: [{ vhost: 'a' }, { vhost: 'a' }], cursor: 'a/2' })
  const second = machine.topology.queuesPage(2, first.cursor, vhosts)
  t.match(second, { queues: [{ vhost: 'c' }, { vhost: 'c' }], cursor: null })
  t.match(machine.topology.queuesPage(2, 'b/1', vhosts).queues, [{ vhost: 'c' }, { vhost: 'c' }])
  t.same(machine.topology.queuesPage(2, null, []), { queues: [], cursor: null })
})

t.test('no queues make one empty page', async (t) => {
  t.same(createMachine().topology.queuesPage(10, null), { queues: [], cursor: null })
})

t.test('what is no cursor is refused', async (t) => {
  const machine = createMachine()
  for (const cursor of ['', '/', 'a', 'a/', '/a', 'a/b/c', '%/a', 'a/%ff', '%E0%A4%A/x']) {
    t.throws(() => machine.topology.queuesPage(1, cursor), { code: 'REQUEST_INVALID' }, cursor)
  }
})
