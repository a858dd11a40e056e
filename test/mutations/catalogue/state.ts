// Further mutations of what shards and their leaders hold: indexes, tables, what is handed out, and
// how it comes to the disk and back (failure modes 3 to 79).
import type { Mutation } from '../mutation.ts'

export const stateMutations: readonly Mutation[] = [
  {
    name: 'claimed-message-is-fresh',
    failureMode: 66,
    file: 'packages/cluster/src/delivering/held-deliveries.ts',
    find: 'Math.max(this.claimedEnd, offset + 1)',
    replace: 'Math.max(this.claimedEnd, offset)',
    catches: 'simulator'
  },
  {
    name: 'last-returned-message-forgotten',
    failureMode: 70,
    file: 'packages/cluster/src/delivering/next-offsets.ts',
    find: 'const end = Math.min(last, this.#cursor - 1)',
    replace: 'const end = Math.min(last, this.#cursor - 2)',
    catches: 'simulator'
  },
  {
    name: 'returned-message-lost-while-its-body-is-read',
    failureMode: 70,
    file: 'packages/cluster/src/delivering/queue-delivery.ts',
    find: '      if (back !== null) this.next.giveBack(back)\n',
    replace: '',
    catches: 'simulator'
  },
  {
    name: 'restored-rows-are-not-summed',
    failureMode: 34,
    file: 'packages/broker/src/queue/message-index.ts',
    find: '      this.#live.add(segment.entryAt(row), 1)\n' + '      this.#sum(segment, row, 1)\n',
    replace: '      this.#live.add(segment.entryAt(row), 1)\n',
    catches: 'simulator'
  },
  {
    name: 'producer-not-saved-again',
    failureMode: 34,
    file: 'packages/broker/src/queue/deduplication.ts',
    find: '  touch(row: Producer, timeMs: number): void {\n    this.#forgetBucket(row.key)\n',
    replace: '  touch(row: Producer, timeMs: number): void {\n',
    catches: 'simulator'
  },
  {
    name: 'producers-restored-in-any-order',
    failureMode: 34,
    file: 'packages/broker/src/queue/deduplication.ts',
    find: 'rows.sort((a, b) => a.lastMs - b.lastMs)',
    replace: 'rows',
    catches: ['packages/broker/dist/test/shard-publish.test.js']
  },
  {
    name: 'producer-ages-while-it-publishes',
    failureMode: 62,
    file: 'packages/broker/src/queue/deduplication.ts',
    find: '    if (row.lastMs === timeMs) return\n',
    replace: '    if (row.lastMs <= timeMs) return\n',
    catches: 'simulator'
  },
  {
    name: 'producers-forgotten-after-two-minutes',
    failureMode: 62,
    file: 'packages/broker/src/queue/limits.ts',
    find: 'producerExpiryMs: 15 * 60_000',
    replace: 'producerExpiryMs: 2 * 60_000',
    catches: 'simulator'
  },
  {
    name: 'gateway-not-saved-again',
    failureMode: 34,
    file: 'packages/broker/src/gateways.ts',
    find:
      '  advance(row: Gateway, timeMs: number, reply: SectionReply): void {\n' +
      '    forget(this.saved)\n',
    replace: '  advance(row: Gateway, timeMs: number, reply: SectionReply): void {\n',
    catches: 'simulator'
  },
  {
    name: 'tail-not-saved-again',
    failureMode: 34,
    file: 'packages/broker/src/shard-publish.ts',
    find: '  queue.touch()\n',
    replace: '',
    catches: 'simulator'
  },
  {
    name: 'use-of-a-queue-not-saved-again',
    failureMode: 34,
    file: 'packages/broker/src/queue/queue.ts',
    find: '    this.touch()\n    this.#usedMs = timeMs\n',
    replace: '    this.#usedMs = timeMs\n',
    catches: ['packages/broker/dist/test/queue-lifetimes.test.js']
  },
  {
    name: 'freed-entry-never-told',
    failureMode: 79,
    file: 'packages/broker/src/live-entries.ts',
    find: 'let entry = this.#snapshotIndex + 1; entry',
    replace: 'let entry = this.#snapshotIndex + 2; entry',
    catches: 'simulator'
  },
  {
    name: 'segment-found-one-too-far',
    failureMode: 68,
    file: 'packages/broker/src/queue/message-index.ts',
    find: 'offset >= recent.first && offset < recent.end)',
    replace: 'offset >= recent.first && offset <= recent.end)',
    catches: 'simulator'
  },
  {
    name: 'counts-lost-when-a-segment-grows',
    failureMode: 65,
    file: 'packages/broker/src/queue/segment.ts',
    find: '    this.attempts &&= grown(this.attempts, capacity)\n',
    replace: '    this.attempts &&= new Uint32Array(capacity)\n',
    catches: 'simulator'
  },
  {
    name: 'restart-keeps-the-counts',
    failureMode: 65,
    file: 'packages/broker/src/queue/segment.ts',
    find: '    this.attempts = null\n    this.deliveryCounts = null\n    this.deadlines = null\n',
    replace: '',
    catches: 'simulator'
  },
  {
    name: 'install-keeps-the-old-machine',
    failureMode: 32,
    file: 'packages/cluster/src/consensus/groups.ts',
    find: '    shard.group.host = shard.host\n',
    replace: '',
    catches: 'simulator'
  },
  {
    name: 'snapshot-before-its-blobs',
    failureMode: 26,
    file: 'packages/cluster/src/consensus/group-commit.ts',
    find:
      '      for (const blob of newBlobs) this.#draft(sizeOfBlobs([blob]), ' +
      'true).blob(group, blob)\n',
    replace:
      '      for (const blob of newBlobs.slice(1)) this.#draft(sizeOfBlobs([blob]), ' +
      'true).blob(group, blob)\n',
    catches: 'simulator'
  },
  {
    name: 'log-time-goes-back',
    failureMode: 74,
    file: 'packages/broker/src/shard-machine.ts',
    find: 'state.timeMs = Math.max(state.timeMs, batch.timeMs)',
    replace: 'state.timeMs = batch.timeMs',
    catches: 'simulator'
  },
  {
    name: 'commit-ahead-of-a-split-write',
    failureMode: 3,
    file: 'packages/cluster/src/consensus/group-commit.ts',
    find: 'draft.hardState = upTo(draft.hardState ?? hardState, entry.index - 1, commitFloor)',
    replace: 'draft.hardState = draft.hardState ?? hardState',
    catches: 'simulator'
  },
  {
    name: 'vote-lost-by-an-install',
    failureMode: 2,
    file: 'packages/cluster/src/consensus/groups.ts',
    find: 'const hardState = { term, vote, commit: Math.max(known, meta.id.index) }',
    replace: 'const hardState = { term, vote: null, commit: Math.max(known, meta.id.index) }',
    catches: 'simulator'
  }
]
