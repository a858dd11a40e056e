// Leaders are killed while three libraries publish and consume at all nodes, two consumers to each
// queue: nothing confirmed is lost, what comes twice is flagged, and whoever is connected to a
// surviving node keeps connection, channel and what it holds. The long run of it:
// docs/internals/chaos.md.
import { chooseSeed } from '@holdfast/testkit'
import t from 'tap'
import { runLoad } from '../chaos/chaos-run.ts'
import { amqpLibraries, moduleOf } from '../chaos/sdk-names.ts'

t.setTimeout(280_000)

t.test('who is connected to a surviving node notices nothing', async (t) => {
  const seed = chooseSeed()
  const load = {
    messages: 500,
    isEndless: true,
    rate: 150,
    sizes: 'small',
    queues: 4,
    consumersPerQueue: 2,
    // Longer than an election, so that much is held when a node dies.
    consumerDelayMs: 500,
    sdks: amqpLibraries.map(moduleOf)
  } as const
  const log = (sentence: string): void => t.comment(sentence)
  const options = { name: 'amqp-kills', seed, load, isTimed: false, idleMs: 60_000, log }
  const result = await runLoad(options, async ({ load, faults }) => {
    await load.confirmed(200)
    await faults.killLeader(await faults.pickGroup('chaos.'), { minMs: 50, maxMs: 200 })
    // Two of three nodes are enough for the rest.
    await faults.strikeMetadata()
    await load.confirmed(load.progress().confirmed + 200)
  })
  const { report, outlived, isDrained } = result
  t.same(report.violations, {}, `seed ${seed}`)
  t.same(report.errorExamples, [])
  t.ok(isDrained, 'the queues are empty')
  t.ok(report.confirmed >= 400)
  t.ok(outlived.clients >= 4, `${outlived.clients} clients outlived a kill`)
  t.ok(outlived.deliveries > 0, `they held ${outlived.deliveries} deliveries`)
})
