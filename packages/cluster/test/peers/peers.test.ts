// Links to other nodes and what leaves on them: one frame a step, lane and condition, in order; and
// what 'up' means to whom.
import t from 'tap'
import type { Lane } from '../../src/input.ts'
import { limits } from '../../src/limits.ts'
import { join } from '../../src/peers/byte-writer.ts'
import type { PeerMessage } from '../../src/peers/peer-codec.ts'
import { frameHeaderBytes, readPeerFrame } from '../../src/peers/peer-codec.ts'
import { coreWith, linkTo, sent } from '../part-core.ts'

const removed: PeerMessage = { type: 'cast', cast: { type: 'removed' } }

function heartbeat(round: number): PeerMessage {
  const message = { type: 'heartbeat-response', from: 1, to: 2, term: 1, round } as const
  return { type: 'raft', group: 3, message }
}

t.test('small messages to a node share a frame a lane, in their order', async (t) => {
  const core = coreWith()
  core.peers.send(2, heartbeat(1))
  core.peers.send(2, removed)
  core.peers.send(3, heartbeat(2))
  core.peers.send(2, heartbeat(3))
  t.same(core.outputs, [], 'they leave at the end of the step')
  core.peers.flush()
  t.match(core.outputs, [
    { node: 2, lane: 'raft', after: null },
    { node: 2, lane: 'gateway', after: null },
    { node: 3, lane: 'raft', after: null }
  ])
  t.match(sent(core), [
    { to: 2, message: { message: { round: 1 } } },
    { to: 2, message: { message: { round: 3 } } },
    { to: 2, message: removed },
    { to: 3, message: { message: { round: 2 } } }
  ])
  core.peers.flush()
  t.same(core.outputs, [], 'nothing is sent twice')
})

t.test('what waits for a record does not hold up what waits for none', async (t) => {
  const core = coreWith()
  core.peers.send(2, heartbeat(1), 7)
  core.peers.send(2, heartbeat(2))
  core.peers.flush()
  const frames = core.outputs.flatMap((output) => {
    return output.type === 'peer-send' ? [[output.after, join(output.chunks)] as const] : []
  })
  t.same(
    frames.map(([after]) => after),
    [7, null]
  )
  t.match(
    frames.map(([, bytes]) => readPeerFrame(bytes).messages),
    [[{ message: { round: 1 } }], [{ message: { round: 2 } }]]
  )
})

t.test('a frame has a bound, beyond which the next one begins', async (t) => {
  const core = coreWith()
  const bytes = new Uint8Array(limits.peerFrameBytesMax / 2 + 1)
  const forward = (number: number): PeerMessage => {
    return { type: 'forward', group: 1, epoch: 1, sections: [{ number, bytes }] }
  }
  for (const number of [1, 2, 3]) core.peers.send(2, forward(number))
  core.peers.send(2, removed)
  core.peers.flush()
  t.equal(core.outputs.length, 3, 'what crosses the bound goes alone')
  t.match(
    sent(core).map(({ message }) => message),
    [...[1, 2, 3].map((number) => ({ sections: [{ number }] })), removed]
  )
})

t.test('a message as large as a frame shares its frame with none', async (t) => {
  const core = coreWith()
  const bytes = new Uint8Array(limits.transactionBytesMax)
  for (let i = 0; i < 30_000; i++) core.peers.send(2, removed)
  core.peers.send(2, { type: 'forward', group: 1, epoch: 1, sections: [{ number: 1, bytes }] })
  const sizes = core.outputs.map((output) => {
    return output.type === 'peer-send' ? join(output.chunks).length : 0
  })
  t.ok((sizes[0] ?? 0) > limits.peerFrameBytesMax / 2, 'much waited')
  t.same(sizes.slice(1), [frameHeaderBytes + 29 + bytes.length])
})

t.test('a node is up when all it needs to work with this one is up', async (t) => {
  const core = coreWith()
  const told = (): boolean[] => {
    return [core.peers.canSend(2), core.peers.canCall(2), core.peers.isUp(2)]
  }
  linkTo(core, 2)
  t.same(told(), [true, true, true])
  const without = (lane: Lane, direction: 'in' | 'out'): boolean[] => {
    const [link] = [...core.peers.links()].filter((other) => {
      return other.lane === lane && other.direction === direction
    })
    core.peers.down(link?.link ?? 0)
    const seen = told()
    linkTo(core, 2)
    return seen
  }
  t.same(without('gateway', 'out'), [false, false, false])
  t.same(without('gateway', 'in'), [true, false, false], 'answers have no way back')
  t.same(without('raft', 'out'), [true, true, false], 'its replicas hear no leader here')
  t.same(without('raft', 'in'), [true, true, false], 'its replicas acknowledge nothing')
  t.notOk(core.peers.isUp(3))
})
