// What may wait on a link: all that its senders have under way, and not more.
import type { Input } from '@holdfast/cluster'
import t from 'tap'
import { transportLimits } from '../src/limits.ts'
import { Endpoint, helloOf, linked, pair } from './harness.ts'

t.test('as many of the largest frames as the bound allows go out in one turn', async (t) => {
  const { frameBytesMax, unsentBytesMax } = transportLimits
  const count = Math.floor(unsentBytesMax / (frameBytesMax + 16))
  t.ok(count >= 4 * 2 + 16, 'repeats of what is under way, and deliveries: see limits.ts')
  let arrived = 0
  let tellAll = (): void => undefined
  const all = new Promise<void>((resolve) => {
    tellAll = resolve
  })
  const input = ({ type }: Input): void => {
    if (type === 'peer-frame' && ++arrived === count) tellAll()
  }
  const one = await new Endpoint(helloOf(1)).listen()
  const two = await new Endpoint(helloOf(2), { input }).listen()
  t.teardown(() => one.transport.close())
  t.teardown(() => two.transport.close())
  await linked(one, two)
  const body = new Uint8Array(frameBytesMax)
  for (let number = 0; number < count; number++) one.transport.send(2, 'raft', [body])
  one.transport.flush()
  await Promise.race([all, one.of('peer-down')])
  t.equal(arrived, count)
  t.equal(one.count('peer-down'), 0)
})

t.test('a peer that reads nothing is cut off at the bound, not buffered for ever', async (t) => {
  const [one, two] = await pair(t)
  await linked(one, two)
  const chunk = Buffer.alloc(16 * 1024 * 1024)
  let isUp = true
  // Without a turn of the event loop nothing leaves.
  for (let bytes = 0; isUp && bytes <= transportLimits.unsentBytesMax; bytes += chunk.length) {
    isUp = one.transport.send(2, 'raft', [chunk])
  }
  t.notOk(isUp)
  t.ok(one.logs.some((line) => line.includes('bytes wait')))
})
