// How many links a node accepts: the bound is for those that are open, however many there were.
import t from 'tap'
import { type Dialled, dialLink } from '../src/dial.ts'
import { transportLimits } from '../src/limits.ts'
import { Endpoint, fast, helloOf } from './harness.ts'

const nodes = [3, 4, 5]

t.test('links that have ended make room for others', async (t) => {
  // A thousand links would take seconds.
  const { acceptedMax } = transportLimits
  Object.assign(transportLimits, { acceptedMax: nodes.length })
  t.teardown(() => Object.assign(transportLimits, { acceptedMax }))
  const two = await new Endpoint(helloOf(2), { timing: fast }).listen()
  t.teardown(() => two.transport.close())
  const { address } = two
  const timeoutMs = fast.handshakeTimeoutMs
  const dial = (node: number): Promise<Dialled> =>
    dialLink({ address, hello: helloOf(node), token: 'secret', tls: null, timeoutMs }, 'raft', 2)
  for (const round of [1, 2, 3]) {
    const links = await Promise.all(nodes.map(dial))
    await t.rejects(dial(6), `there is no room for more in round ${round}`)
    for (const { socket } of links) socket.destroy()
    while (two.count('peer-down') < round * nodes.length) {
      await two.of('peer-down', two.inputs.length)
    }
  }
  t.equal(two.count('peer-up'), 3 * nodes.length)
})
