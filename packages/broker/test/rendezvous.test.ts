// Placement of queues on shards: pure, independent of order, spread evenly, stable when shards
// come.
import t from 'tap'
import { rendezvousGroup } from '../src/rendezvous.ts'

const groups = Array.from({ length: 16 }, (_, index) => index + 1)

t.test('queues are spread over the shards within a fifth of the mean', async (t) => {
  const counts = new Map<number, number>(groups.map((group) => [group, 0]))
  for (let vhost = 0; vhost < 10; vhost++) {
    for (let queue = 0; queue < 1600; queue++) {
      const group = rendezvousGroup(`vhost-${vhost}`, `queue-${queue}`, groups)
      counts.set(group, (counts.get(group) ?? 0) + 1)
    }
  }
  for (const [group, count] of counts) {
    t.ok(Math.abs(count - 1000) < 200, `shard ${group} has ${count} of 16,000`)
  }
})

t.test('the order of the groups does not matter', async (t) => {
  for (let queue = 0; queue < 1000; queue++) {
    const name = `q${queue}`
    const chosen = rendezvousGroup('/', name, groups)
    if (chosen !== rendezvousGroup('/', name, groups.toReversed())) t.fail(name)
  }
})

t.test('a further shard takes queues only for itself', async (t) => {
  let moved = 0
  for (let queue = 0; queue < 5000; queue++) {
    const before = rendezvousGroup('/', `q${queue}`, groups)
    const after = rendezvousGroup('/', `q${queue}`, [...groups, 17])
    if (before === after) continue
    if (after !== 17) t.fail(`q${queue} would move to shard ${after}`)
    moved += 1
  }
  t.ok(moved > 150 && moved < 450, `${moved} of 5,000 would go to the seventeenth shard`)
})

t.test('vhost and name are kept apart', async (t) => {
  const many = Array.from({ length: 1000 }, (_, index) => index + 1)
  t.not(rendezvousGroup('a', 'bc', many), rendezvousGroup('ab', 'c', many))
})

t.test('the choice is the same in every version and on every engine', async (t) => {
  const names = ['orders', 'payments', 'ü', 'a']
  t.same(
    names.map((name) => rendezvousGroup('/', name, groups)),
    [3, 12, 7, 1]
  )
})

t.test('there must be a group', async (t) => {
  t.throws(() => rendezvousGroup('/', 'q', []), { name: 'AssertionError' })
})
