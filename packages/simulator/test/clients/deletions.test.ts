// What may be refused where queues are deleted, and when.
import t from 'tap'
import { Deletions } from '../../src/clients/deletions.ts'
import type { Published } from '../../src/clients/messages.ts'
import { World } from '../../src/world/world.ts'

const unroutable = 'MESSAGE_UNROUTABLE'

function sentTo(...queues: string[]): Published {
  const sent = { publisher: 'p', sequence: 1, queues, refusal: unroutable }
  return { ...sent, confirmedMs: null, failure: null, isRepeated: false }
}

t.test('what has nowhere to go may be refused, as it asked to be', async (t) => {
  const deletions = new Deletions(new World(1))
  t.ok(deletions.haveRefused(sentTo(), unroutable))
  t.notOk(deletions.haveRefused(sentTo('q'), unroutable))
  deletions.begin('q')
  t.ok(deletions.haveRefused(sentTo('q'), unroutable))
  t.notOk(deletions.haveRefused(sentTo('q', 'r'), unroutable), 'another queue is there')
  t.notOk(deletions.haveRefused(sentTo('q'), 'QUEUE_FULL'))
  t.equal(deletions.askedMs('r'), null)
})

t.test('a node gives up only what it has tried to bring to its place for long', async (t) => {
  const world = new World(1)
  const deletions = new Deletions(world)
  deletions.begin('q')
  await world.schedule.run(29_999)
  t.notOk(deletions.haveRefused(sentTo('q'), 'UNAVAILABLE'))
  await world.schedule.run(1)
  t.ok(deletions.haveRefused(sentTo('q'), 'UNAVAILABLE'))
  t.notOk(deletions.haveRefused(sentTo('q', 'r'), 'UNAVAILABLE'))
  t.notOk(deletions.haveRefused(sentTo(), 'UNAVAILABLE'))
})
