// Two and more real endpoints on loopback: links, refusals, breaks, and what is told of them.
import { createServer } from 'node:net'
import type { Input } from '@holdfast/cluster'
import t from 'tap'
import {
  clusterB,
  Endpoint,
  fast,
  hasty,
  helloOf,
  linked,
  listening,
  pair,
  rawSocket
} from './harness.ts'

const isFrame = (input: Input): input is Extract<Input, { type: 'peer-frame' }> =>
  input.type === 'peer-frame'

t.test('frames go out on the link that was dialled, lane by lane, in order', async (t) => {
  const [one, two] = await pair(t)
  await linked(one, two)
  const incoming = await two.until(
    (input): input is Extract<Input, { type: 'peer-up' }> =>
      input.type === 'peer-up' && input.lane === 'raft'
  )
  t.equal(incoming.direction, 'in')
  t.equal(incoming.hello.node, 1)
  t.equal(incoming.address, one.address)
  for (let number = 0; number < 500; number++) {
    t.ok(
      one.transport.send(2, 'raft', [Buffer.from(`${number}:`), Buffer.alloc(number * 13, number)])
    )
  }
  one.transport.send(2, 'gateway', [Buffer.alloc(2_000_000, 5)])
  one.transport.flush()
  const frames: Extract<Input, { type: 'peer-frame' }>[] = []
  while (frames.length < 501) {
    const from = two.inputs.length
    frames.splice(0, frames.length, ...two.inputs.filter(isFrame))
    if (frames.length < 501) await two.of('peer-frame', from)
  }
  const raft = frames.filter(({ link }) => link === incoming.link)
  t.equal(raft.length, 500)
  for (const [number, { bytes }] of raft.entries()) {
    t.ok(Buffer.from(bytes).toString('latin1').startsWith(`${number}:`), `frame ${number}`)
  }
  t.notOk(two.transport.send(1, 'raft', [Buffer.from('x')]), 'the other direction has no link')
})

t.test('an idle link is kept alive by heartbeats', async (t) => {
  const [one, two] = await pair(t)
  await linked(one, two)
  await new Promise((resolve) => setTimeout(resolve, fast.checkIntervalMs * fast.silentChecks * 4))
  t.equal(one.count('peer-down'), 0)
  t.equal(two.count('peer-down'), 0)
})

t.test('a wrong token is refused on both sides', async (t) => {
  const one = await new Endpoint(helloOf(1), { timing: fast, token: 'wrong' }).listen()
  const two = await new Endpoint(helloOf(2), { timing: fast }).listen()
  t.teardown(() => one.transport.close())
  t.teardown(() => two.transport.close())
  one.transport.setPeers([{ node: 2, address: two.address }])
  one.transport.probe(1, two.address, {
    clusterId: clusterB,
    node: 1,
    incarnation: 1,
    peers: []
  })
  t.match((await one.of('probe-done')).result, { code: 'JOIN_TOKEN_WRONG' })
  const from = one.inputs.length
  one.transport.probe(2, two.address, null)
  t.match((await one.of('probe-done', from)).result, { code: 'JOIN_TOKEN_WRONG' }, 'nor believed')
  t.equal(one.count('peer-up'), 0)
  t.equal(two.count('peer-up'), 0)
})

t.test('a node of another cluster gets no link', async (t) => {
  const one = await new Endpoint(helloOf(1), { timing: fast }).listen()
  const two = await new Endpoint(helloOf(2, { clusterId: clusterB }), { timing: fast }).listen()
  t.teardown(() => one.transport.close())
  t.teardown(() => two.transport.close())
  one.transport.setPeers([{ node: 2, address: two.address }])
  while (!one.logs.some((line) => line.includes('belongs to cluster'))) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  t.equal(one.count('peer-up') + two.count('peer-up'), 0)
})

t.test('a peer whose process is gone is told once, and found again when it is back', async (t) => {
  const [one, two] = await pair(t)
  await linked(one, two)
  await two.transport.close()
  t.equal((await one.of('peer-gone')).node, 2)
  const from = one.inputs.length
  const again = new Endpoint({ ...two.hello, processEpoch: 77 }, { timing: fast })
  await again.listen(Number(two.address.split(':')[1]))
  t.teardown(() => again.transport.close())
  t.equal((await one.outgoing('raft', from)).hello.processEpoch, 77)
  t.equal(one.count('peer-gone'), 1)
})

t.test('a dial that is reset tells nothing of the process of the peer', async (t) => {
  const [one, two] = await pair(t)
  await linked(one, two)
  const resetting = createServer((socket) => {
    socket.once('data', () => socket.resetAndDestroy())
  })
  t.teardown(() => resetting.close())
  one.transport.setPeers([{ node: 2, address: await listening(resetting) }])
  while (!one.logs.some((line) => line.includes('ECONNRESET'))) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  t.equal(one.count('peer-gone'), 0)
})

t.test('another process epoch tells that the old process is gone', async (t) => {
  const [one, two] = await pair(t)
  await linked(one, two)
  const from = two.inputs.length
  const successor = new Endpoint(helloOf(1, { processEpoch: 4242 }), { timing: fast })
  t.teardown(() => successor.transport.close())
  successor.transport.setPeers([{ node: 2, address: two.address }])
  await successor.outgoing('raft')
  t.equal((await two.of('peer-gone', from)).node, 1)
  const down = two.inputs.slice(from).findIndex(({ type }) => type === 'peer-down')
  const up = two.inputs.slice(from).findIndex(({ type }) => type === 'peer-up')
  t.ok(down !== -1 && down < up, 'the old link ends before the new one is up')
})

t.test('a silent peer is a half-open one', async (t) => {
  const one = await new Endpoint(helloOf(1), { timing: fast }).listen()
  const two = await new Endpoint(helloOf(2), { timing: { ...fast, idleChecks: 1e9 } }).listen()
  t.teardown(() => one.transport.close())
  t.teardown(() => two.transport.close())
  await linked(one, two)
  await one.of('peer-down')
  t.ok(one.logs.some((line) => line.includes('nothing was heard')))
})

t.test('a link that this node closes is dialled again', async (t) => {
  const [one, two] = await pair(t)
  await linked(one, two)
  const { link } = await one.outgoing('raft')
  const from = one.inputs.length
  one.transport.closeLink(link)
  t.same(await one.of('peer-down', from), { type: 'peer-down', link })
  t.not((await one.outgoing('raft', from)).link, link)
  t.equal(one.count('peer-gone'), 0)
})

t.test('a peer that is no longer listed loses its links', async (t) => {
  const [one, two] = await pair(t)
  await linked(one, two)
  one.transport.setPeers([])
  while (one.count('peer-down') < 2 || two.count('peer-down') < 2) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  t.notOk(one.transport.send(2, 'raft', [Buffer.from('x')]))
})

t.test('a probe tells who is there, also of a blank node', async (t) => {
  const [one, two] = await pair(t)
  const blank = await new Endpoint(helloOf(null), { timing: fast }).listen()
  t.teardown(() => blank.transport.close())
  one.transport.probe(5, two.address, null)
  t.same(await one.of('probe-done'), { type: 'probe-done', id: 5, result: two.hello })
  const from = one.inputs.length
  one.transport.probe(6, blank.address, null)
  t.match(await one.of('probe-done', from), { id: 6, result: { clusterId: null, node: null } })
})

t.test('a probe of nothing says that it is unreachable', async (t) => {
  const one = new Endpoint(helloOf(1), { timing: fast })
  t.teardown(() => one.transport.close())
  const server = createServer()
  const address = await listening(server)
  await new Promise((resolve) => server.close(resolve))
  one.transport.probe(1, address, null)
  t.match((await one.of('probe-done')).result, { error: /ECONNREFUSED/ })
  const from = one.inputs.length
  one.transport.probe(2, 'nonsense', null)
  t.match((await one.of('probe-done', from)).result, { error: /HOST:PORT/ })
})

t.test('a probe of somebody who never answers ends at the deadline', async (t) => {
  const one = new Endpoint(helloOf(1), { timing: hasty })
  t.teardown(() => one.transport.close())
  const server = createServer(() => undefined)
  t.teardown(() => server.close())
  one.transport.probe(1, await listening(server), null)
  t.match((await one.of('probe-done')).result, { error: /longer than 300 ms/ })
})

const offer = { clusterId: helloOf(1).clusterId ?? '', node: 3, incarnation: 2, peers: [] }

t.test('a blank node is adopted once its identity is durable', async (t) => {
  const [one] = await pair(t)
  const blank = await new Endpoint(helloOf(null), { timing: fast }).listen()
  t.teardown(() => blank.transport.close())
  one.transport.setPeers([{ node: 3, address: blank.address }])
  one.transport.probe(1, blank.address, offer)
  t.same((await blank.of('adopted')).offer, offer)
  t.equal(one.count('probe-done'), 0, 'not answered before')
  blank.transport.identify({ ...blank.hello, clusterId: offer.clusterId, node: 3, incarnation: 2 })
  t.match((await one.of('probe-done')).result, { node: 3, incarnation: 2 })
  t.match((await one.outgoing('raft')).hello, { node: 3 }, 'and then links are up')

  const from = one.inputs.length
  one.transport.probe(2, blank.address, offer)
  t.match(
    (await one.of('probe-done', from)).result,
    { node: 3 },
    'the same offer again is answered'
  )
  t.equal(blank.count('adopted'), 1)
  one.transport.probe(3, blank.address, { ...offer, incarnation: 9 })
  const isThird = (input: Input): input is Extract<Input, { type: 'probe-done' }> =>
    input.type === 'probe-done' && input.id === 3
  t.match((await one.until(isThird)).result, { code: 'NODE_ALREADY_MEMBER' })
  one.transport.probe(4, blank.address, { ...offer, clusterId: clusterB })
  const isFourth = (input: Input): input is Extract<Input, { type: 'probe-done' }> =>
    input.type === 'probe-done' && input.id === 4
  t.match((await one.until(isFourth)).result, { code: 'NODE_OF_ANOTHER_CLUSTER' })
})

t.test('garbage, silence and half a handshake cost the acceptor nothing', async (t) => {
  const one = await new Endpoint(helloOf(1), { timing: hasty }).listen()
  const two = await new Endpoint(helloOf(2), { timing: fast }).listen()
  t.teardown(() => one.transport.close())
  t.teardown(() => two.transport.close())
  const garbage = await rawSocket(one.address)
  garbage.socket.write(Buffer.alloc(300_000, 0xff))
  const silent = await rawSocket(one.address)
  const half = await rawSocket(one.address)
  half.socket.write(Buffer.from([0, 0, 0, 9, 1]))
  const http = await rawSocket(one.address)
  http.socket.write('GET / HTTP/1.1\r\n\r\n')
  await Promise.all([garbage.closed, silent.closed, half.closed, http.closed])
  await linked(one, two)
  t.equal(one.count('peer-up'), 2)
})

t.test('a corrupt frame ends the link, and the next one is clean', async (t) => {
  const [one, two] = await pair(t)
  // A proxy in the middle flips one byte of the first frame that is long enough.
  let hasFlipped = false
  const proxy = createServer((from) => {
    void rawSocket(two.address).then(({ socket: to }) => {
      from.on('data', (chunk) => {
        if (!hasFlipped && chunk.length > 5000) {
          hasFlipped = true
          chunk[3000] = (chunk[3000] ?? 0) ^ 1
        }
        to.write(chunk)
      })
      to.on('data', (chunk) => from.write(chunk))
      from.on('close', () => to.destroy())
      to.on('close', () => from.destroy())
      from.on('error', () => to.destroy())
    })
  })
  t.teardown(() => proxy.close())
  one.transport.setPeers([{ node: 2, address: await listening(proxy) }])
  await one.outgoing('raft')
  const from = one.inputs.length
  one.transport.send(2, 'raft', [Buffer.alloc(6000, 1)])
  one.transport.flush()
  await one.of('peer-down', from)
  t.equal(two.count('peer-frame'), 0)
  await one.outgoing('raft', from)
  one.transport.send(2, 'raft', [Buffer.alloc(6000, 2)])
  one.transport.flush()
  t.equal((await two.of('peer-frame')).bytes[0], 2)
})

t.test('after close nothing is told', async (t) => {
  const [one, two] = await pair(t)
  await linked(one, two)
  await one.transport.close()
  const { length } = one.inputs
  one.transport.setPeers([{ node: 2, address: two.address }])
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.equal(one.inputs.length, length)
})
