// What may wait on a link: all that its senders have under way, and not more.
import { Socket } from 'node:net'
import type { Input } from '@holdfast/cluster'
import t from 'tap'
import { transportLimits } from '../src/limits.ts'
import { Link } from '../src/link.ts'
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

/** Takes everything at once. */
class OpenSocket extends Socket {
  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done()
  }

  override _writev(_chunks: unknown, done: () => void): void {
    done()
  }
}

t.test('what the other side has taken waits no more, however much it was', async (t) => {
  const { unsentBytesMax } = transportLimits
  const identity = {
    id: 1,
    lane: 'raft',
    direction: 'out',
    hello: helloOf(2),
    address: ''
  } as const
  let ended: string | null = null
  const link = new Link(new OpenSocket(), identity, {
    frame: () => undefined,
    down: (_, reason) => {
      ended = reason
    }
  })
  t.teardown(() => link.close('the test ends'))
  const body = new Uint8Array(16 * 1024 * 1024)
  for (let bytes = 0; bytes <= unsentBytesMax; bytes += body.length) {
    link.send([body])
    if (link.unsentBytes <= body.length) t.fail('what is not handed over yet does not count')
    link.flush()
    if (link.unsentBytes > 0) t.fail('what was taken still counts')
  }
  t.equal(ended, null)
})
