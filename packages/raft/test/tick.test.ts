// Heartbeats of one node travel together: on a beat all its leaders send, and none in between.
import t from 'tap'
import { drain, elect, start, stateOf, voters } from './single-replica.ts'

/** At which ticks a leader elected `late` ticks after the others sends a heartbeat. */
function beatsOf(late: number, beatTicks: number): number[] {
  const raft = start(stateOf([1], voters(1, 2, 3)), { heartbeatIntervalTicks: beatTicks })
  elect(raft, [2, 3])
  const sent: number[] = []
  for (let tick = late; tick < late + 9; tick++) {
    raft.tick(tick % beatTicks === 0)
    if (drain(raft).some((message) => message.type === 'heartbeat-request')) sent.push(tick)
  }
  return sent
}

t.test('leaders of different age send their heartbeats at the same ticks', async (t) => {
  t.same(beatsOf(1, 4), [4, 8])
  t.same(beatsOf(2, 4), [4, 8])
  t.same(beatsOf(3, 4), [4, 8])
  t.same(beatsOf(4, 4), [4, 8, 12])
})

t.test('without beats a leader keeps its own interval', async (t) => {
  const raft = start(stateOf([1], voters(1, 2, 3)), { heartbeatIntervalTicks: 4 })
  elect(raft, [2, 3])
  const counts: number[] = []
  for (let tick = 0; tick < 8; tick++) {
    raft.tick()
    counts.push(drain(raft).length)
  }
  t.same(counts, [0, 0, 0, 2, 0, 0, 0, 2])
})
