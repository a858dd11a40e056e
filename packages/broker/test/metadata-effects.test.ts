// Effects of one batch: those that only say 'look again' once, the others each.
import t from 'tap'
import { MetadataEffects } from '../src/metadata-effects.ts'

t.test('equal hints appear once, in the order of their first', async (t) => {
  const effects = new MetadataEffects()
  effects.add({ type: 'placement-changed', group: 2 })
  effects.add({ type: 'nodes-changed' })
  effects.add({ type: 'placement-changed', group: 1 })
  effects.add({ type: 'placement-changed', group: 2 })
  effects.add({ type: 'outbox-grew', group: 2 })
  effects.add({ type: 'nodes-changed' })
  effects.add({ type: 'operation-changed', id: 4096 })
  effects.add({ type: 'operation-changed', id: 4096 })
  effects.add({ type: 'operation-changed', id: 4097 })
  t.same(effects.effects, [
    { type: 'placement-changed', group: 2 },
    { type: 'nodes-changed' },
    { type: 'placement-changed', group: 1 },
    { type: 'outbox-grew', group: 2 },
    { type: 'operation-changed', id: 4096 },
    { type: 'operation-changed', id: 4097 }
  ])
})

t.test('queues are told each', async (t) => {
  const effects = new MetadataEffects()
  const queue = { queue: 1, group: 1, vhost: '/', name: 'q' }
  effects.add({ type: 'queue-created', ...queue })
  effects.add({ type: 'queue-deleted', ...queue })
  effects.add({ type: 'queue-created', ...queue })
  t.equal(effects.effects.length, 3)
})
