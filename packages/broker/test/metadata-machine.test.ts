import t from 'tap'
import { MetadataMachine, RouteTargets } from '../src/index.ts'
import { bindQueue, createMachine, exchange, give, queue } from './metadata-fixture.ts'

t.test('smoke', async (t) => {
  const m = createMachine()
  t.same(give(m, queue('orders')), {
    type: 'queue',
    queue: 8192,
    group: 1,
    cursor: 8192,
    created: true
  })
  t.same(give(m, exchange('events', 'topic')), { type: 'declared', created: true })
  t.same(give(m, bindQueue('events', 'orders', 'order.*')), { type: 'declared', created: true })
  const out = new RouteTargets()
  t.equal(
    m.topology.route('/', 'events', 'order.created', () => null, out),
    'routed'
  )
  t.equal(out.at(0).name, 'orders')
  const s = m.snapshot()
  const r = MetadataMachine.restore(s.manifest, new Map(s.newBlobs.map((b) => [b.id, b.bytes])))
  t.equal(r.hash(), m.hash())
  t.same(m.snapshot().newBlobs.length, 1)
})
