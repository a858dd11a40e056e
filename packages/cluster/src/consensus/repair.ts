// An entry that this node's store cannot read intact is fetched again from another replica (storage
// rule S8). Entries below the commit index are the same on all, so any replica's will do; term and
// index are checked.

import { HoldfastError } from '@holdfast/errors'
import type { Entry } from '@holdfast/raft'
import { Reports } from '../administration/reports.ts'
import type { Core } from '../core.ts'
import { limits } from '../limits.ts'
import type { GroupId } from '../log-store.ts'
import { ByteReader } from '../peers/byte-reader.ts'
import { ByteWriter, join } from '../peers/byte-writer.ts'
import { type Answer, errorResult } from '../peers/calls.ts'
import { readEntry, writeEntry } from '../peers/raft-codec.ts'

export class Repair {
  readonly #core: Core

  constructor(core: Core) {
    this.#core = core
  }

  /** Asks the other replicas one after the other; null if none has it intact at present. */
  fetch(group: GroupId, index: number, done: (entry: Entry | null) => void): void {
    const raft = this.#core.groups.get(group)?.raft
    const { voters = [], learners = [] } = raft?.configuration ?? {}
    const self = this.#core.identity?.node
    const nodes = Reports.nodes([...voters, ...learners]).filter((node) => node !== self)
    this.#ask(nodes, group, index, done)
  }

  #ask(
    nodes: readonly number[],
    group: GroupId,
    index: number,
    done: (entry: Entry | null) => void
  ): void {
    const [node, ...rest] = nodes
    if (node === undefined) return done(null)
    this.#core.calls.call(node, { type: 'fetch-entry', group, index }, (result) => {
      const entry = result.type === 'entry' ? readEntry(new ByteReader(result.entry)) : null
      const term = this.#core.groups.get(group)?.raft.termAt(index) ?? null
      const isSame = entry?.index === index && (term === null || entry.term === term)
      if (isSame) done(entry)
      else this.#ask(rest, group, index, done)
    })
  }

  /** Another replica lost this entry to damage. */
  serve(group: GroupId, index: number, answer: Answer): void {
    const range = { first: index, last: index }
    const missing = errorResult(new HoldfastError('ENTRY_DAMAGED', { group, index }))
    const raft = this.#core.groups.get(group)?.raft
    if (raft === undefined || index > raft.commitIndex) return answer(missing)
    this.#core.reads.entries(group, range, limits.readBytesMax, ([result]) => {
      if (result?.type !== 'entry') return answer(missing)
      const writer = new ByteWriter()
      writeEntry(writer, result.entry)
      answer({ type: 'entry', entry: join(writer.take()) })
    })
  }
}
