// Dialling an address at which another node is than the one that was meant, and a node that is at
// another address than before.
import t from 'tap'
import { Endpoint, fast, helloOf, linked, pair } from './harness.ts'

t.test('another node at the address of a peer gets no link', async (t) => {
  const [one, two] = await pair(t)
  one.transport.setPeers([{ node: 3, address: two.address }])
  while (!one.logs.some((line) => line.includes('another node answers there'))) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  t.equal(one.count('peer-up'), 0)
})

t.test(
  'who dials for the node that was there before ends no link of the one that is',
  async (t) => {
    const [one, two] = await pair(t)
    await linked(one, two)
    one.transport.setPeers([
      { node: 2, address: two.address },
      { node: 3, address: two.address }
    ])
    while (!one.logs.some((line) => line.includes('another node answers there'))) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    // A frame over the link proves that it is the one that was there, and still is.
    const from = two.inputs.length
    t.ok(one.transport.send(2, 'raft', [Buffer.from('still here')]))
    one.transport.flush()
    await two.of('peer-frame', from)
    t.equal(one.count('peer-down') + two.count('peer-down'), 0)
  }
)

t.test('a node that has moved is dialled where it is, though its old links are up', async (t) => {
  const [one, two] = await pair(t)
  await linked(one, two)
  const moved = await new Endpoint(helloOf(2, { processEpoch: 77 }), { timing: fast }).listen()
  t.teardown(() => moved.transport.close())
  const from = one.inputs.length
  one.transport.setPeers([{ node: 2, address: moved.address }])
  if (!t.equal(one.count('peer-down'), 2, 'the old links end')) return
  const links = await Promise.all([one.outgoing('raft', from), one.outgoing('gateway', from)])
  for (const { address } of links) t.equal(address, moved.address)
})
