// An entry that this node's store cannot read intact is fetched again from another replica (storage
// rule S8). Entries below the commit index are the same on all, so any replica's will do. What the
// store still knows of it, its term and checksum, is compared; the entry is then written back.

import { HoldfastError } from '@holdfast/errors'
import { type Entry, members } from '@holdfast/raft'
import { Reports } from '../administration/reports.ts'
import type { Core } from '../core.ts'
import { log } from '../core.ts'
import { limits } from '../limits.ts'
import type { GroupId, RetainedEntry } from '../log-store.ts'
import { ByteReader } from '../peers/byte-reader.ts'
import { ByteWriter, join } from '../peers/byte-writer.ts'
import { type Answer, errorResult } from '../peers/calls.ts'
import { readEntry, writeEntry } from '../peers/raft-codec.ts'

interface Wanted {
  readonly group: GroupId
  readonly index: number
  /** What the store knows of the entry; null if that is lost too. */
  readonly held: RetainedEntry | null
  readonly done: Done
}

/** `isLost`: every other replica says that it does not have the entry intact. */
type Done = (entry: Entry | null, isLost: boolean) => void

export class Repair {
  readonly #core: Core

  constructor(core: Core) {
    this.#core = core
  }

  /** Asks the other replicas one after the other; null if none gave it. */
  fetch(group: GroupId, index: number, done: Done): void {
    this.#core.reads.held(group, [index], ([held = null]) => {
      const raft = this.#core.groups.get(group)?.raft
      const self = this.#core.identity?.node
      const replicas = raft === undefined ? [] : members(raft.configuration)
      const others = Reports.nodes(replicas).filter((node) => node !== self)
      this.#ask(others, { group, index, held, done }, raft !== undefined)
    })
  }

  #ask(nodes: readonly number[], wanted: Wanted, isLost: boolean): void {
    const [node, ...rest] = nodes
    if (node === undefined) return wanted.done(null, isLost)
    const { group, index, held, done } = wanted
    this.#core.calls.call(node, { type: 'fetch-entry', group, index }, (result) => {
      const entry = result.type === 'entry' ? readEntry(new ByteReader(result.entry)) : null
      if (entry === null || !this.#isSame(entry, wanted)) {
        const isMissing = result.type !== 'error' || result.error.code === 'ENTRY_DAMAGED'
        return this.#ask(rest, wanted, isLost && isMissing)
      }
      if (held !== null) {
        // Nobody waits for it: until it is durable, the entry is fetched again.
        this.#core.commit.addRepair({ group, entries: [entry] })
        log(this.#core, 'info', 'a damaged entry was repaired', { group, index, from: node })
      }
      done(entry, false)
    })
  }

  #isSame(entry: Entry, { group, index, held }: Wanted): boolean {
    if (entry.index !== index) return false
    if (held !== null) {
      const checksum = this.#core.options.checksum(entry.data)
      return entry.term === held.term && checksum === held.checksum
    }
    const term = this.#core.groups.get(group)?.raft.termAt(index) ?? null
    return term === null || entry.term === term
  }

  /** Another replica lost this entry to damage. */
  serve(group: GroupId, index: number, answer: Answer): void {
    const range = { first: index, last: index }
    const raft = this.#core.groups.get(group)?.raft
    if (raft === undefined || index > raft.commitIndex) {
      const reason = `entry ${index} of group ${group} is not known to be committed here`
      return answer(errorResult(new HoldfastError('UNAVAILABLE', { reason })))
    }
    const missing = errorResult(new HoldfastError('ENTRY_DAMAGED', { group, index }))
    this.#core.reads.entries(group, range, limits.readBytesMax, ([result]) => {
      if (result?.type !== 'entry') return answer(missing)
      const writer = new ByteWriter()
      writeEntry(writer, result.entry)
      answer({ type: 'entry', entry: join(writer.take()) })
    })
  }
}
