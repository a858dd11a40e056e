// Room that several groups share on the way to a follower: a little goes unasked, more when there
// is room, and nobody who is silent takes the room of others.
import t from 'tap'
import type { Configuration, Message, Raft, RaftConfig } from '../src/index.ts'
import { accept, command, drain, elect, start, stateOf, voters } from './single-replica.ts'

const pair = voters(1, 2)

/** Room as a test wants it, and what was asked for. */
class Room {
  bytes = 0
  readonly asked: number[] = []
  readonly config: Partial<RaftConfig> = {
    broadcastCommit: false,
    sharing: {
      bytesFree: 10,
      admits: (_replica, bytes) => {
        this.asked.push(bytes)
        return bytes <= this.bytes
      }
    }
  }
}

/** A leader whose follower has everything up to the no-op. */
function leader(room: Room, configuration: Configuration = pair): Raft {
  const raft = start(stateOf([1], configuration), room.config)
  elect(raft, [2])
  accept(raft, 2, 2, 2)
  drain(raft)
  return raft
}

function sizes(messages: readonly Message[]): number[][] {
  return messages.flatMap((message) => {
    if (message.type !== 'append-request' || message.to !== 2) return []
    return [message.entries.map(({ data }) => data.byteLength)]
  })
}

function proposed(raft: Raft, size: number): number[][] {
  raft.propose(new Uint8Array(size))
  return sizes(drain(raft))
}

t.test('a little is sent unasked, and more once there is room', async (t) => {
  const room = new Room()
  const raft = leader(room)
  t.same(proposed(raft, 10), [[10]])
  t.same(room.asked, [])
  t.same(proposed(raft, 20), [])
  t.equal(room.asked[0], 20)
  t.equal(raft.bytesInFlight(2), 10)
  t.notOk(raft.isQuiet, 'others may leave room at any time')
  room.bytes = 20
  t.same(sizes(drain(raft)), [[20]])
  t.ok(raft.isQuiet)
  t.equal(raft.bytesInFlight(2), 30)
  accept(raft, 2, 4, 2)
  t.equal(raft.bytesInFlight(2), 0)
})

t.test('a probe does without what is large: all groups send theirs at once', async (t) => {
  const room = new Room()
  room.bytes = 100
  const raft = leader(room)
  t.same(proposed(raft, 20), [[20]])
  raft.reportUnreachable(2)
  t.same(sizes(drain(raft)), [[]])
  accept(raft, 2, 2, 2)
  t.same(sizes(drain(raft)), [[20]])
})

t.test('who is silent is sent no more, and holds no room', async (t) => {
  const room = new Room()
  room.bytes = 100
  const raft = leader(room, voters(1, 2, 3))
  t.same(proposed(raft, 20), [[20]])
  const hear = (from: number): void => {
    raft.step({ type: 'heartbeat-response', from, to: 1, term: raft.term, round: 0 })
  }
  for (let tick = 0; tick < 12; tick++) {
    hear(3)
    raft.tick()
  }
  drain(raft)
  t.equal(raft.bytesInFlight(2), 0)
  t.same(proposed(raft, 30), [])
  hear(2)
  t.equal(raft.bytesInFlight(2), 20)
  t.same(sizes(drain(raft)), [[30]])
})

t.test('what is loaded counts, and what proves larger is loaded again once it fits', async (t) => {
  const room = new Room()
  room.bytes = 2000
  const raft = leader(room)
  raft.propose(new Uint8Array(3000))
  accept(raft, 2, 2, 2)
  drain(raft)
  // It has the entry, loses it, and by then its body is on disk only.
  accept(raft, 2, 3, 2)
  drain(raft)
  raft.applied(3)
  raft.forgetBodies(3)
  raft.step({ type: 'heartbeat-request', from: 2, to: 1, term: 3, commit: 0, round: 1 })
  for (let tick = 0; tick < 10; tick++) raft.tick()
  elect(raft, [2])
  const refusal = { type: 'append-response', from: 2, to: 1, term: 4, session: 4 } as const
  raft.step({ ...refusal, accepted: false, index: 3, hint: { index: 2, term: 2 } })
  drain(raft)
  accept(raft, 2, 2, 4)
  t.match(raft.ready().loads, [{ firstIndex: 3, bytesMax: 1024 }])
  t.equal(raft.bytesInFlight(2), 1024)
  const entry = { ...command(3, 2), data: new Uint8Array(3000) }
  raft.supply(2, [entry])
  t.same(sizes(drain(raft)), [])
  t.equal(raft.bytesInFlight(2), 0)
  room.bytes = 3000
  t.match(raft.ready().loads, [{ firstIndex: 3 }])
  t.equal(raft.bytesInFlight(2), 3000)
  room.bytes = 0
  raft.supply(2, [entry])
  t.same(sizes(drain(raft))[0], [3000], 'its room was kept')
})
