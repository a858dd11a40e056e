// Mutations of disk, process and links (failure modes 80 to 102): the shell around the member,
// which its own tests drive, and of the store, which has storms of its own.
import type { Mutation } from '../mutation.ts'

const driver = 'packages/server/src/driver.ts'
const driverTest = ['packages/server/dist/test/driver.test.js']
const transport = 'packages/transport/src/transport.ts'
const storage = (name: string): readonly string[] => [`packages/storage/dist/test/${name}.test.js`]

export const diskMutations: readonly Mutation[] = [
  {
    name: 'after-ignored-by-the-driver',
    failureMode: 80,
    file: 'packages/server/src/held-outputs.ts',
    find: '    if (after <= durable && waiting === 0) return false\n',
    replace: '    if (after > 0) return false\n',
    catches: driverTest
  },
  {
    name: 'failed-write-tried-again-by-the-driver',
    failureMode: 86,
    file: driver,
    find: "(error: unknown) => this.#fail('a write failed', error)",
    replace: '() => {\n        this.#writing = null\n        this.#write(record)\n      }',
    catches: driverTest
  },
  {
    name: 'failure-of-the-member-swallowed',
    failureMode: 97,
    file: driver,
    find: "      this.#fail('the member failed', error)\n",
    replace: "      this.#options.log('error', 'the member failed', { reason: String(error) })\n",
    catches: driverTest
  },
  {
    name: 'written-before-the-store-says-so',
    failureMode: 80,
    file: driver,
    find: '    this.#options.store.write(record).then(\n      () => this.#written(record),\n',
    replace:
      '    const writing = this.#options.store.write(record)\n' +
      '    this.#written(record)\n    writing.then(\n      () => {},\n',
    catches: driverTest
  },
  {
    name: 'failed-write-tried-again-on-the-handle',
    failureMode: 87,
    file: 'packages/storage/src/level-store.ts',
    find: '    if (this.#failure !== null) return Promise.reject(this.#failure)\n',
    replace: '    this.#failure = null\n',
    catches: 'simulator'
  },
  {
    name: 'torn-tail-is-damage',
    failureMode: 82,
    file: 'packages/storage/src/leveldb-log.ts',
    find: 'if (!isTornAt(bytes, at)) return damage',
    replace: 'if (at >= 0) return damage',
    catches: storage('leveldb-log')
  },
  {
    name: 'files-not-checked-before-the-open',
    failureMode: 83,
    file: 'packages/storage/src/open-store.ts',
    find: 'await checkFiles(directory, options.log)',
    replace: 'if (!directory.isBorn) await checkFiles(directory, options.log)',
    catches: storage('damage')
  },
  {
    name: 'checksum-of-data-not-verified',
    failureMode: 84,
    file: 'packages/storage/src/section.ts',
    find: 'if (checksum(data) !== head.checksum) throw',
    replace: 'if (checksum(data) < 0) throw',
    catches: 'simulator'
  },
  {
    name: 'checksum-of-a-header-not-verified',
    failureMode: 84,
    file: 'packages/storage/src/section.ts',
    find: 'if (reader.u32() !== checksum(value.subarray(0, headerBytes - 4))) {',
    replace: 'if (reader.u32() < 0) {',
    catches: [...storage('damage'), ...storage('record-codec')]
  },
  {
    name: 'hole-taken-for-an-end',
    failureMode: 85,
    file: 'packages/storage/src/recovery.ts',
    find: '      if (value === null) throw new Unreadable',
    replace: '      if (value === null) return void new Unreadable',
    catches: [...storage('damage'), ...storage('recovery')]
  },
  {
    name: 'two-processes-on-a-directory',
    failureMode: 94,
    file: 'packages/storage/src/directory-lock.ts',
    find: '  return isAlive(owner) ? owner.pid : null\n',
    replace: '  return null\n',
    also: [
      {
        file: 'packages/storage/src/directory-lock.ts',
        find: 'owner.pid !== process.pid && isAlive(owner)) {',
        replace: 'owner.pid === 0) {'
      }
    ],
    catches: storage('data-directory')
  },
  {
    name: 'new-log-without-its-directory-entry',
    failureMode: 81,
    file: 'packages/storage/src/wal-directory.ts',
    find: '    await this.#handle?.sync()\n    this.#newest = newest\n',
    replace: '',
    catches: storage('wal-directory')
  },
  {
    name: 'body-of-another-entry-served',
    failureMode: 84,
    file: 'packages/storage/src/record-reader.ts',
    find: '    if (!isClaimed) return null\n',
    replace: '    if (!isClaimed && head.length < 0) return null\n',
    catches: storage('record-reader')
  },
  {
    name: 'damage-said-to-be-absence',
    failureMode: 84,
    file: 'packages/storage/src/body-reads.ts',
    find: "    return { type: 'damaged' }\n",
    replace: "    return { type: 'absent' }\n",
    catches: 'simulator'
  },
  {
    name: 'publishes-are-taken-on-a-full-disk',
    failureMode: 87,
    file: 'packages/cluster/src/disk.ts',
    find: 'return this.freeBytes < diskLimits.publishBytes',
    replace: 'return this.freeBytes < diskLimits.runBytes',
    catches: 'simulator'
  },
  {
    name: 'store-writes-without-sync',
    failureMode: 80,
    file: 'packages/storage/src/level-store.ts',
    find: 'await batch.write({ sync: true })',
    replace: 'await batch.write()',
    catches: 'simulator'
  },
  {
    name: 'store-keeps-the-first-hard-state-of-a-term',
    failureMode: 2,
    file: 'packages/storage/src/node-state.ts',
    find: 'if (change.hardState !== null) state.hardState = change.hardState\n',
    replace:
      'const { term } = state.hardState\n' +
      '        if ((change.hardState?.term ?? 0) > term) state.hardState = change.hardState\n',
    catches: 'simulator'
  },
  {
    name: 'lost-tail-of-the-log-goes-unseen',
    failureMode: 81,
    file: 'packages/storage/src/open-store.ts',
    find: '  if (found.sequence > lastSequence) {\n',
    replace: '  if (found.sequence > lastSequence) return\n  if (found.sequence < 0) {\n',
    catches: 'simulator'
  },
  {
    name: 'links-that-ended-count-as-open',
    failureMode: null,
    file: transport,
    find:
      '    const { id, lane, direction, hello } = link.identity\n' +
      '    if (!this.#links.delete(id)) return\n' +
      "    if (direction === 'in') this.#acceptedCount--\n",
    replace:
      '    const { id, lane, hello } = link.identity\n' +
      '    if (!this.#links.delete(id)) return\n',
    catches: ['packages/transport/dist/test/accepted-links.test.js']
  },
  {
    name: 'what-the-other-side-has-taken-still-waits',
    failureMode: null,
    file: 'packages/transport/src/link.ts',
    find: '    this.#queuedBytes = 0\n    this.#hasSent = true\n',
    replace: '    this.#hasSent = true\n',
    catches: ['packages/transport/dist/test/unsent.test.js']
  },
  {
    name: 'peer-that-is-linked-keeps-its-old-address',
    failureMode: null,
    file: transport,
    find: '      if (wanted.get(node) === peer.address) continue\n',
    replace:
      '      const isLinked = wanted.has(node) && peer.lanes.raft.link !== null\n' +
      '      if (isLinked || wanted.get(node) === peer.address) continue\n',
    catches: ['packages/transport/dist/test/dialler.test.js']
  },
  {
    name: 'reset-dial-is-a-dead-process',
    failureMode: null,
    file: transport,
    find: "if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') this.#gone(node)",
    replace:
      "const { code = '' } = error as NodeJS.ErrnoException\n" +
      "    if (['ECONNREFUSED', 'ECONNRESET'].includes(code)) this.#gone(node)",
    catches: ['packages/transport/dist/test/transport.test.js']
  },
  {
    name: 'scrub-ends-at-its-first-large-list',
    failureMode: 84,
    file: 'packages/cluster/src/consensus/scrubber.ts',
    find: 'last === undefined ? 0 : last.index + 1',
    replace: 'last === undefined || entries.length < limits.scrubEntriesMax ? 0 : last.index + 1',
    catches: ['packages/cluster/dist/test/consensus/scrubber.test.js']
  },
  {
    name: 'deleted-meanwhile-is-never-compacted',
    failureMode: null,
    file: 'packages/storage/src/reclaimer.ts',
    find:
      '    this.#wal.compactionBegins()\n' +
      '    try {\n' +
      '      await this.#database.compactRange(from, to)\n',
    replace:
      '    this.#wal.compactionBegins()\n' +
      '    try {\n' +
      '      await this.#database.compactRange(from, to)\n' +
      '      this.#first = Number.MAX_SAFE_INTEGER\n' +
      '      this.#last = 0\n' +
      '      this.#deletedBytes = 0\n',
    catches: storage('reclaimer')
  }
]
