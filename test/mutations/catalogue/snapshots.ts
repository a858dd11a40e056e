// Mutations of snapshots, compaction and replay (failure modes 27 to 34, 62, 75).
import type { Mutation } from '../mutation.ts'

const log = 'packages/raft/src/log.ts'
const raftSnapshot = 'packages/raft/src/snapshot.ts'
const restore = 'packages/broker/src/shard-restore.ts'
const liveEntries = 'packages/broker/src/live-entries.ts'
const snapshots = 'packages/cluster/src/consensus/snapshots.ts'
const fetch = 'packages/cluster/src/consensus/snapshot-fetch.ts'
const catches = 'simulator'

export const snapshotMutations: readonly Mutation[] = [
  {
    name: 'install-before-what-the-log-got',
    failureMode: 29,
    file: 'packages/cluster/src/consensus/groups.ts',
    find: '    this.#guard(group, () => group.carryOut())\n',
    replace: '',
    also: [
      {
        file: 'packages/raft/src/snapshot.ts',
        find: '  assert(!isWriteDue(state), ',
        replace: '  assert(isWriteDue !== null, '
      }
    ],
    catches: ['packages/cluster/dist/test/consensus/installing.test.js']
  },
  {
    name: 'suffix-kept-behind-a-snapshot',
    failureMode: 27,
    file: log,
    find: '    this.#snapshot = meta\n    this.#entries = []\n    this.#head = 0\n',
    replace:
      '    const next = Math.max(meta.id.index + 1, this.#bodiesFirst)\n' +
      '    const kept = next <= this.#lastIndex ? this.tail(next) : []\n' +
      '    this.#snapshot = meta\n    this.#entries = []\n    this.#head = 0\n',
    also: [
      {
        file: log,
        find: '    this.#beforeFirst = meta.id\n    this.#runs = []\n',
        replace:
          '    this.#beforeFirst = meta.id\n    this.#runs = []\n' +
          '    for (const entry of kept) this.append({ ...entry, term: ' +
          'Math.max(entry.term, meta.id.term) })\n'
      }
    ],
    catches
  },
  {
    name: 'stale-snapshot-installed',
    failureMode: 28,
    file: raftSnapshot,
    find: '  if (isHere || state.role !== ',
    replace: '  if (isHere === null || state.role !== ',
    also: [
      {
        file: raftSnapshot,
        find: 'assert(meta.id.index > state.commitIndex, ',
        replace: 'assert(meta.id.index > 0, '
      }
    ],
    catches
  },
  {
    name: 'parts-of-another-snapshot',
    failureMode: 29,
    file: 'packages/cluster/src/consensus/snapshot-source.ts',
    find: 'if (taken === null || taken.meta.id.index !== call.index) return answer(refusal)',
    replace: 'if (taken === null) return answer(refusal)',
    also: [
      {
        file: snapshots,
        find: 'state.pinnedUntilMs = this.#core.clock.nowMs + 15_000',
        replace: 'state.pinnedUntilMs = this.#core.clock.nowMs'
      }
    ],
    catches
  },
  {
    name: 'blob-ids-given-again',
    failureMode: 29,
    file: 'packages/broker/src/shard-machine.ts',
    find: 'Math.max(restored?.nextBlobId ?? 1, options.firstBlobId ?? 1)',
    replace: 'restored?.blobs.length ?? 1',
    catches
  },
  {
    name: 'snapshot-of-an-uncommitted-configuration',
    failureMode: 30,
    file: snapshots,
    find: 'const configuration = group.raft.configurationAt(index)',
    replace: 'const configuration = group.raft.configuration',
    catches
  },
  {
    name: 'live-entry-freed-by-the-snapshot',
    failureMode: 31,
    file: liveEntries,
    find: 'if (this.count(entry) === 0) append(ranges, entry)',
    replace: 'if (this.count(entry) <= 1) append(ranges, entry)',
    catches
  },
  {
    name: 'live-entry-freed-by-a-settlement',
    failureMode: 31,
    file: liveEntries,
    find: '    if (before > messages) return\n',
    replace:
      '    if (before > messages) {\n' +
      '      if (entry <= this.#snapshotIndex) this.#freed.push(entry)\n' +
      '      return\n    }\n',
    catches
  },
  {
    name: 'match-before-the-retained-entries',
    failureMode: 31,
    file: fetch,
    find: 'this.#missing = listed.filter((entry) => !isSame(entry, known.get(entry.index)))',
    replace:
      'this.#missing = []\n      this.#retained.splice(0, this.#retained.length, ' +
      '...held.map(({ index }) => ({ first: index, last: index })))',
    catches
  },
  {
    name: 'entry-of-another-term-taken-for-retained',
    failureMode: 31,
    file: fetch,
    find: '  return isSameId && a.checksum === b.checksum && a.sizeBytes === b.sizeBytes',
    replace: '  return isSameId || (b !== undefined && a.index === b.index)',
    catches
  },
  {
    name: 'snapshot-beyond-what-is-applied',
    failureMode: 32,
    file: snapshots,
    find: '    const index = raft.appliedIndex\n    const term = raft.termAt(index)',
    replace: '    const index = raft.commitIndex\n    const term = raft.termAt(index)',
    catches
  },
  {
    name: 'replay-without-attempts',
    failureMode: 34,
    file: 'packages/broker/src/queue/saved-segment.ts',
    find: 'function writeSegment(writer: ByteWriter, segment: Segment): void {\n',
    replace:
      'function writeSegment(writer: ByteWriter, segment: Segment): void {\n' +
      '  segment.attempts = null\n  segment.deliveryCounts = null\n',
    catches
  },
  {
    name: 'mark-lost-in-a-snapshot',
    failureMode: 34,
    file: restore,
    find: 'queue.restore({ tail, mark, closingUntilMs,',
    replace: 'queue.restore({ tail, mark: 0 * mark, closingUntilMs,',
    catches
  },
  {
    name: 'change-not-saved-again',
    failureMode: 34,
    file: 'packages/broker/src/queue/message-index.ts',
    find: '          forget(segment.saved)\n          this.#sum(segment, row, -1)\n',
    replace: '          this.#sum(segment, row, -1)\n',
    catches
  },
  {
    name: 'deduplication-lost-in-a-snapshot',
    failureMode: 62,
    file: restore,
    find: '    set.restore(lowest, runs)\n',
    replace: '    set.restore(1, [])\n',
    catches
  },
  {
    name: 'gateways-lost-in-a-snapshot',
    failureMode: 62,
    file: restore,
    find: '  state.gateways.restore(parts.gateways)\n',
    replace: '',
    catches
  },
  {
    name: 'map-order-in-a-snapshot',
    failureMode: 75,
    file: restore,
    find: '    queue.attach({ session, tag, prefetch, autoAck, exclusive, priority })\n',
    replace:
      '    const former = [...queue.consumers.values()]\n' +
      '    for (const consumer of former) queue.detach(consumer)\n' +
      '    queue.attach({ session, tag, prefetch, autoAck, exclusive, priority })\n' +
      '    for (const consumer of former) queue.attach(consumer)\n',
    catches
  }
]
