// What clients saw of a purge: what was handed out before its answer is spared, and comes whenever
// the network lets it; what is handed out behind that answer should be gone.
import type { QueueView } from '@holdfast/broker'
import { noDeadlineMs } from '@holdfast/broker'
import t from 'tap'
import { History } from '../../src/clients/history.ts'
import { bodyOf } from '../../src/clients/names.ts'
import { World } from '../../src/world/world.ts'

const answeredMs = 120

/** What is found where a message is confirmed before a purge, which is answered at 120 ms. */
async function failures(times: { handedOutMs: number; deliveredMs: number }): Promise<string[]> {
  const world = new World(1)
  const history = new History(world)
  const { purges } = history
  const at = (ms: number, run: () => void): void => world.schedule.after(ms, run)
  purges.watch('q')
  history.published('p', 1, ['q'])
  purges.confirmed('q', 'p:1', 50)
  at(answeredMs, () => purges.done('q', 100, answeredMs))
  at(times.handedOutMs, () => handOut(world))
  at(times.deliveredMs, () => {
    const told = { exchange: '', routingKey: 'q', properties: {}, attempt: 0, deliveryCount: 0 }
    history.delivered('q', 1, told, bodyOf('p:1'), 'c')
  })
  await world.schedule.run(2000)
  return world.failures
}

/** The leader hands out the first message of the queue. */
function handOut(world: World): void {
  const row = { attempt: 0, deliveryCount: 0, deadlineMs: noDeadlineMs }
  const looks = { isOut: () => true, row: () => row, nextLive: () => null }
  const queue = { id: 5, name: 'q', mark: 1, settings: { maxPriority: 0 }, ...looks }
  const run = { firstOffset: 1, count: 1, attempt: 0, deliveryCount: 0 }
  const place = { entry: 1, section: 0, position: 0, lengthBytes: 1 }
  const delivery = { queue: queue as unknown as QueueView, run: { ...run, ...place } }
  world.audit.ofProcess(1).handedOut({ group: 1, replica: 1 }, { term: 1, to: 'c', ...delivery })
}

t.test('what was handed out before a purge was answered may come at any time', async (t) => {
  t.same(await failures({ handedOutMs: 60, deliveredMs: 1500 }), [], 'before it was asked for')
  t.same(await failures({ handedOutMs: 110, deliveredMs: 1500 }), [], 'while it was on its way')
})

t.test('what is handed out behind the answer of a purge is found, however soon', async (t) => {
  const found = await failures({ handedOutMs: 121, deliveredMs: 122 })
  t.match(found, [/handed out after it was purged: p:1 at q\/1/])
  t.equal(found.length, 1)
})
