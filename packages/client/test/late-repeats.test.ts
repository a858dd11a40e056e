// What a repeat vouches for: a batch that was first sent long ago may be there at a shard that has
// forgotten its producer, and must not be taken for a producer's first.
import t, { type Test } from 'tap'
import { type Platform, realPlatform } from '../src/clock.ts'
import { connectWith } from '../src/connection.ts'
import { clientLimits } from '../src/limits.ts'
import { resolveOptions } from '../src/options.ts'
import { tcpWire } from '../src/tcp-wire.ts'
import { FakeBroker } from './fake-broker.ts'
import { until } from './sdk-scene.ts'

/** Whether a publish vouches at once, and in repeats after so long by one of the clocks. */
async function vouching(
  t: Test,
  clock: 'nowMs' | 'wallMs',
  ages: readonly number[]
): Promise<readonly boolean[]> {
  const broker = await FakeBroker.start()
  t.teardown(() => broker.stop())
  broker.behaviour.mutesConfirms = true
  let lateMs = 0
  const platform: Platform = { ...realPlatform, [clock]: () => realPlatform[clock]() + lateMs }
  const connection = await connectWith(
    (address, handlers) => tcpWire(address, handlers, null),
    broker.addresses,
    resolveOptions({ publishTimeoutMs: 10 * clientLimits.producerFreshMs }),
    platform
  )
  t.teardown(() => connection.close({ timeoutMs: 0 }))
  connection.publish('', 'q', 'once').catch(() => undefined)
  await until(() => broker.publishes.length === 1)
  for (const [i, ageMs] of ages.entries()) {
    lateMs = ageMs
    for (const node of broker.nodes) node.breakConnections()
    await until(() => broker.publishes.length === i + 2)
  }
  return broker.publishes.map(({ first }) => first)
}

for (const clock of ['nowMs', 'wallMs'] as const) {
  t.test(`a repeat vouches for its producer for five minutes, by ${clock}`, async (t) => {
    const { producerFreshMs } = clientLimits
    const ages = [producerFreshMs / 2, producerFreshMs, 2 * producerFreshMs]
    t.same(await vouching(t, clock, ages), [true, true, false, false])
  })
}
