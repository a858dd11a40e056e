// Settings that do not fit together are refused at the start.
import t from 'tap'
import { blankState, Raft, type RaftConfig } from '../src/index.ts'
import { stateOf, testConfig, voters } from './single-replica.ts'

t.test('settings out of range are refused', async (t) => {
  const wrong: Partial<RaftConfig>[] = [
    { id: 0 },
    { id: 1.5 },
    { heartbeatIntervalTicks: 0 },
    { electionTimeoutTicks: 4, heartbeatIntervalTicks: 2 },
    { appendBytesMax: 0 },
    { inflightRequestsMax: 0 },
    { inflightBytesMax: 0 },
    { uncommittedBytesMax: 0 }
  ]
  for (const setting of wrong) {
    const start = (): Raft => new Raft({ ...testConfig, ...setting }, blankState())
    t.throws(start, { name: 'AssertionError' }, JSON.stringify(setting))
  }
})

t.test('a disk that contradicts itself is refused', async (t) => {
  const three = voters(1, 2, 3)
  t.throws(() => new Raft(testConfig, { ...stateOf([1], three), applied: 2 }), /in the log/)
  t.throws(() => new Raft(testConfig, stateOf([2], three, { term: 1 })), /later term/)
})
