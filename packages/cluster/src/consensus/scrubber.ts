// Walks through everything that is retained, slowly (storage rule S13): an entry that nobody reads
// rots unseen until the last good copy is gone. What is damaged is fetched from another replica,
// by repair.ts; what differs from a majority of the others, though its own checksum is right, was
// never the same, and halts this replica. It pauses while the node is busy, and rests between
// walks.
import type { Core } from '../core.ts'
import { log } from '../core.ts'
import { limits, times } from '../limits.ts'
import type { GroupId, ReadResult, RetainedEntry } from '../log-store.ts'
import { ByteReader } from '../peers/byte-reader.ts'
import { ByteWriter, join } from '../peers/byte-writer.ts'
import type { Answer } from '../peers/calls.ts'
import { readRetained, writeRetained } from '../peers/raft-codec.ts'
import { nodeOf } from './replica-id.ts'

export class Scrubber {
  readonly #core: Core
  /** Where the walk is: the last group that was looked into, and the next index of it. */
  #group: GroupId = -1
  #from = 0
  /** A list is asked for until then; the answer does not come if the replica leaves its group. */
  #busyUntilMs = 0
  /** Null until the first tick: a node that has just started has enough to do, and rests first. */
  #lookAtMs: number | null = null
  #commitBytes = 0

  constructor(core: Core) {
    this.#core = core
  }

  tick(): void {
    const { clock, counters } = this.#core
    this.#lookAtMs ??= clock.nowMs + times.scrubRestMs
    if (clock.nowMs < Math.max(this.#lookAtMs, this.#busyUntilMs)) return
    this.#lookAtMs = clock.nowMs + times.scrubMs
    const written = counters.commitBytes - this.#commitBytes
    this.#commitBytes = counters.commitBytes
    if (written <= limits.scrubQuietBytes) this.#step()
  }

  #step(): void {
    if (this.#from === 0 && !this.#nextGroup()) return
    const group = this.#group
    this.#busyUntilMs = this.#core.clock.nowMs + times.callTimeoutMs
    this.#core.reads.retained(group, this.#from, limits.scrubEntriesMax, (listed) => {
      this.#busyUntilMs = 0
      const entries = fitting(listed)
      const last = entries.at(-1)
      this.#from = last === undefined ? 0 : last.index + 1
      if (last === undefined || this.#core.groups.get(group) === undefined) return
      this.#read(group, entries)
      this.#compare(group, entries)
    })
  }

  /** False after the last one: then the walk rests. */
  #nextGroup(): boolean {
    const next = this.#core.groups.all().find(({ id }) => id > this.#group)
    this.#group = next?.id ?? -1
    this.#from = 1
    if (next !== undefined) return true
    this.#from = 0
    this.#lookAtMs = this.#core.clock.nowMs + times.scrubRestMs
    return false
  }

  /** The store checks what it reads; whatever is not intact is fetched and written back. */
  #read(group: GroupId, entries: readonly RetainedEntry[]): void {
    for (const { index, sizeBytes } of entries) {
      const range = { first: index, last: index }
      this.#core.reads.entries(group, range, Math.max(1, sizeBytes), ([result]) => {
        this.#found(group, index, result)
      })
    }
  }

  #found(group: GroupId, index: number, result: ReadResult | undefined): void {
    if (result?.type !== 'damaged' || this.#core.groups.get(group) === undefined) return
    log(this.#core, 'error', 'an entry is damaged here', { group, index })
    this.#core.repair.fetch(group, index, () => undefined)
  }

  /** Asks the other voters which of these entries they have otherwise. */
  #compare(group: GroupId, entries: readonly RetainedEntry[]): void {
    const { groups, calls, identity } = this.#core
    const voters = groups.get(group)?.raft.configuration.voters ?? []
    const others = voters.map(nodeOf).filter((node) => node !== identity?.node)
    const writer = new ByteWriter()
    for (const entry of entries) writeRetained(writer, entry)
    const call = { type: 'compare-entries', group, entries: join(writer.take()) } as const
    const differing = new Map<number, number>()
    for (const node of others) {
      calls.call(node, call, (result) => {
        if (result.type !== 'differing') return
        for (const index of result.indexes) {
          const count = (differing.get(index) ?? 0) + 1
          differing.set(index, count)
          if (count === 1) log(this.#core, 'error', 'an entry differs', { group, index, node })
          // Alone against more than half of the group: it is this replica that is wrong.
          if (count > voters.length / 2) this.#diverged(group, index)
        }
      })
    }
  }

  #diverged(group: GroupId, index: number): void {
    const found = this.#core.groups.get(group)
    if (found === undefined || found.haltedReason !== null) return
    const reason = `entry ${index} is not what a majority has`
    log(this.#core, 'error', 'a replica halted', { group, reason })
    found.halt(reason)
  }

  /** Another replica compares: which of its entries are others here? Not those that are gone. */
  serve(group: GroupId, listed: Uint8Array, answer: Answer): void {
    const reader = new ByteReader(listed)
    const theirs: RetainedEntry[] = []
    while (!reader.isAtEnd && theirs.length < limits.scrubEntriesMax) {
      theirs.push(readRetained(reader))
    }
    const commit = this.#core.groups.get(group)?.raft.commitIndex ?? 0
    const indexes = theirs.map(({ index }) => index).filter((index) => index <= commit)
    this.#core.reads.held(group, indexes, (held) => {
      const own = new Map(held.map((entry) => [entry.index, entry]))
      const differing = theirs.filter((entry) => {
        const here = own.get(entry.index)
        return here !== undefined && (here.term !== entry.term || here.checksum !== entry.checksum)
      })
      answer({ type: 'differing', indexes: differing.map(({ index }) => index) })
    })
  }
}

/** As many as are read in one go: at least one. */
function fitting(listed: readonly RetainedEntry[]): readonly RetainedEntry[] {
  let bytes = 0
  const end = listed.findIndex(({ sizeBytes }, at) => {
    bytes += sizeBytes
    return at > 0 && bytes > limits.scrubBytes
  })
  return end < 0 ? listed : listed.slice(0, end)
}
