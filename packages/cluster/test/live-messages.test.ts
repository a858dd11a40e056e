// What a snapshot tells of the messages in some entries.
import { ShardMachine } from '@holdfast/broker'
import t from 'tap'
import { liveMessages } from '../src/live-messages.ts'
import type { RecoveredGroup } from '../src/log-store.ts'

function groupOf(group: number, hasSnapshot: boolean): RecoveredGroup {
  const { manifest, newBlobs } = new ShardMachine({ group }).snapshot()
  const configuration = { voters: [1], outgoing: [], learners: [] }
  const meta = { id: { index: 0, term: 0 }, configuration, manifest }
  return {
    group,
    hardState: { term: 1, vote: null, commit: 0 },
    snapshot: hasSnapshot ? { meta, blobs: newBlobs } : null,
    firstIndex: 1,
    terms: [],
    lastIndex: 0,
    entries: [],
    staged: null
  }
}

t.test('a snapshot without live messages knows of none; without one nobody knows', async (t) => {
  t.equal(liveMessages(groupOf(2, true), [1, 2]), 0)
  t.equal(liveMessages(groupOf(2, false), [1, 2]), null)
  t.equal(liveMessages(groupOf(0, true), [1, 2]), null, 'metadata holds no messages')
})
