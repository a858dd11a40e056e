// Nobody routes under a lease for longer than its leader counts on it.
import t from 'tap'
import type { Check } from '../../src/checkers/checks.ts'
import { RoutingLeases } from '../../src/checkers/routing-leases.ts'

type Act = readonly [atMs: number, side: 'granted' | 'taken', forMs: number, node?: number]

function findings(...acts: readonly Act[]): Check[] {
  const found: Check[] = []
  let nowMs = 0
  const leases = new RoutingLeases(
    (check) => void found.push(check),
    () => nowMs
  )
  for (const [atMs, side, forMs, node = 2] of acts) {
    nowMs = atMs
    const lease = { node, term: 3, forMs }
    if (side === 'granted') leases.granted(lease)
    else leases.taken(node, lease)
  }
  return found
}

t.test('who may route, and lacks something, is known', async (t) => {
  let nowMs = 0
  const leases = new RoutingLeases(
    () => undefined,
    () => nowMs
  )
  for (const [epoch, node] of [
    [11, 1],
    [12, 2]
  ] as const) {
    leases.applied(epoch, node)
    leases.taken(epoch, { node, term: 3, forMs: 2000 })
  }
  t.same([leases.without(1), leases.without(2), leases.without(3)], [[], [1], [1, 2]])
  leases.taken(11, { node: 1, term: 4, forMs: 0 })
  t.same(leases.without(3), [2], 'it has given its lease up')
  leases.applied(12, 3)
  t.same(leases.without(3), [])
  leases.ended(12)
  leases.taken(13, { node: 2, term: 4, forMs: 1000 })
  t.same(leases.without(1), [2], 'the next process has applied nothing')
  nowMs = 1000
  t.same(leases.without(1), [])
})

t.test('a lease that ends before its leader thinks it does is well', async (t) => {
  t.same(findings([10, 'granted', 2200], [500, 'taken', 1500]), [])
  t.same(findings([10, 'granted', 2200], [20, 'granted', 2200], [220, 'taken', 2000]), [])
})

t.test('a lease that goes on after that is found', async (t) => {
  t.same(findings([10, 'granted', 2200], [500, 'taken', 2000]), ['routing-lease'])
})

t.test('who asks the next leader has given up what it had', async (t) => {
  t.same(findings([10, 'taken', 0], [20, 'taken', -5]), [])
})

t.test('a lease that nobody granted is found', async (t) => {
  t.same(findings([10, 'granted', 2200, 1], [20, 'taken', 10]), ['routing-lease'])
})
