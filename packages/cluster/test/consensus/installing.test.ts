// What takes the place of a log is written behind what the log got before, also in the same step.
import type { Message, SnapshotMeta } from '@holdfast/raft'
import t from 'tap'
import { replicaOf } from '../../src/consensus/replica-id.ts'
import type { Core } from '../../src/core.ts'
import { coreWith } from '../part-core.ts'

const group = 1
const [to, from] = [replicaOf(1, 1), replicaOf(2, 1)]
const meta: SnapshotMeta = {
  id: { index: 9, term: 3 },
  configuration: { voters: [to, from], outgoing: [], learners: [] },
  manifest: new Uint8Array(0)
}
const envelope = { from, to, term: 3, session: 1 }
const offer: Message = { type: 'snapshot-request', ...envelope, snapshot: meta }

function append(first: number, last: number): Message {
  const entries = Array.from({ length: last - first + 1 }, (_, i) => {
    const index = first + i
    return { index, term: 3, type: 'command' as const, data: new Uint8Array(0) }
  })
  const previous = first === 1 ? { index: 0, term: 0 } : { index: first - 1, term: 3 }
  return { type: 'append-request', ...envelope, previous, commit: 0, entries }
}

/** What is written, record by record, up to an install. */
function written(core: Core): readonly string[] {
  const records: string[] = []
  for (;;) {
    core.commit.flush()
    const write = core.outputs.splice(0).find((output) => output.type === 'write')
    if (write?.type !== 'write') return records
    const { id, groups, installs } = write.record
    const entries = groups.flatMap((each) => each.entries.map(({ index }) => index))
    const installed = installs.map((install) => `install ${install.meta.id.index}`)
    records.push([...installed, `entries ${entries}`].join(', '))
    if (installs.length > 0) return records
    core.commit.written(id)
  }
}

t.test('what the log got in the same step is written before a snapshot takes its place', (t) => {
  const core = coreWith()
  core.groups.receive(group, offer)
  core.groups.receive(group, append(1, 2))
  core.groups.work()
  t.same(written(core), ['entries 1,2'])
  core.groups.receive(group, append(3, 4))
  core.groups.install(group, meta, [], [])
  core.groups.receive(group, append(5, 6))
  core.groups.work()
  t.same(written(core), ['entries 3,4', 'install 9, entries '])
  t.equal(core.groups.get(group)?.haltedReason, null)
  t.end()
})
