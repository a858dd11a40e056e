// Nodes with a disk in memory and the parts of a member that fetch, serve and repair, without Raft
// and without machines: what they ask each other is carried at once, and noted.
import { crc32 } from 'node:zlib'
import { commitRecord, entryAt, type MemoryDisk } from '@holdfast/cluster/contract'
import { HoldfastError } from '@holdfast/errors'
import type { Entry, SnapshotMeta } from '@holdfast/raft'
import { Clock } from '../../src/clock.ts'
import { GroupCommit } from '../../src/consensus/group-commit.ts'
import { Repair } from '../../src/consensus/repair.ts'
import { replicaOf } from '../../src/consensus/replica-id.ts'
import { Scrubber } from '../../src/consensus/scrubber.ts'
import { serveSnapshot } from '../../src/consensus/snapshot-source.ts'
import { StoreReads } from '../../src/consensus/store-reads.ts'
import type { Core } from '../../src/core.ts'
import { Counters } from '../../src/counters.ts'
import { defaultTuning } from '../../src/limits.ts'
import type { Blob, IndexRange, ReadResult } from '../../src/log-store.ts'
import type { Output } from '../../src/output.ts'
import { type Answer, errorResult } from '../../src/peers/calls.ts'
import type { Call, CallResult } from '../../src/peers/peer-message.ts'

export const snapshotChunkBytes = 100

interface Installed {
  readonly blobs: readonly Blob[]
  readonly retained: readonly IndexRange[]
}

export class StoreNode {
  readonly core: Core
  readonly disk: MemoryDisk
  readonly clock: Clock = new Clock()
  /** Calls of this node, in order. */
  readonly calls: Call[] = []
  /** Entries that reads say are damaged, until they are repaired. */
  readonly damaged: Set<number> = new Set()
  /** Blobs that reads say are damaged, and those that were told to be lost. */
  readonly damagedBlobs: Set<number> = new Set()
  readonly lostBlobs: number[] = []
  readonly installed: Installed[] = []
  refusals = 0
  halted: string | null = null
  commitIndex = 1000
  /** What other nodes answer in place of what they would; null: as they are. */
  intercept: ((node: number, call: Call) => CallResult | null) | null = null
  readonly #nodes: Map<number, StoreNode>
  readonly #outputs: Output[] = []
  readonly #blobs: readonly number[]

  constructor(nodes: Map<number, StoreNode>, node: number, disk: MemoryDisk) {
    this.disk = disk
    this.#nodes = nodes
    this.#blobs = [...(disk.groups.get(1)?.blobs.keys() ?? [])]
    nodes.set(node, this)
    const parts = {
      outputs: this.#outputs,
      options: { checksum: crc32 },
      tuning: { ...defaultTuning, snapshotChunkBytes },
      identity: { clusterId: '', node, incarnation: 1 },
      counters: new Counters(),
      clock: this.clock,
      calls: { call: (to: number, call: Call, done: Answer) => this.#call(to, call, done) },
      groups: {
        all: () => [{ id: 1 }],
        get: () => ({
          raft: this.#raft(),
          haltedReason: this.halted,
          halt: (reason: string) => {
            this.halted = reason
          }
        }),
        install: this.#install.bind(this)
      },
      snapshots: {
        pin: () => this.#taken(),
        blobsLost: (_group: number, ids: readonly number[]) => this.lostBlobs.push(...ids)
      }
    }
    const core = parts as unknown as { -readonly [Part in keyof Core]: Core[Part] }
    core.commit = new GroupCommit(core, disk.lastRecord)
    core.reads = new StoreReads(core)
    core.repair = new Repair(core)
    core.scrubber = new Scrubber(core)
    this.core = core
  }

  #raft(): unknown {
    return {
      configuration: {
        voters: [...this.#nodes.keys()].map((node) => replicaOf(node, 1)),
        outgoing: [],
        learners: []
      },
      commitIndex: this.commitIndex,
      termAt: () => null,
      snapshotRefused: () => {
        this.refusals += 1
      }
    }
  }

  #taken(): unknown {
    const meta = this.disk.groups.get(1)?.meta ?? null
    return meta === null ? null : { meta, blobs: this.#blobs }
  }

  #install(
    group: number,
    meta: SnapshotMeta,
    blobs: readonly Blob[],
    retained: readonly IndexRange[]
  ): void {
    const hardState = { term: 9, vote: null, commit: meta.id.index }
    const ids = blobs.map(({ id }) => id)
    this.core.commit.addInstall({ group, meta, hardState, blobs: ids, retained })
    this.installed.push({ blobs, retained })
  }

  #call(to: number, call: Call, done: Answer): void {
    this.calls.push(call)
    const answer = this.intercept?.(to, call) ?? null
    if (answer !== null) return done(answer)
    this.#nodes.get(to)?.serve(call, done)
  }

  serve(call: Call, answer: Answer): void {
    if (call.type === 'fetch-entry') this.core.repair.serve(call.group, call.index, answer)
    else if (call.type === 'compare-entries') {
      this.core.scrubber.serve(call.group, call.entries, answer)
    } else serveSnapshot(this.core, call as Parameters<typeof serveSnapshot>[1], answer)
  }

  /** Carries out what this node's parts ask of its store; false if there was nothing. */
  work(): boolean {
    this.core.commit.flush()
    const outputs = this.#outputs.splice(0)
    for (const output of outputs) this.#carry(output)
    return outputs.length > 0
  }

  #carry(output: Output): void {
    const { disk, core } = this
    switch (output.type) {
      case 'write':
        disk.apply(output.record)
        for (const { entries } of output.record.repairs) {
          for (const { index } of entries) this.damaged.delete(index)
        }
        return core.commit.written(output.record.id)
      case 'read-entries': {
        const { id, group, range, bytesMax } = output
        return core.reads.done(id, this.#withDamage(disk.readEntries(group, range, bytesMax)))
      }
      case 'read-blobs': {
        const results = disk.readBlobs(output.group, output.ids)
        const read = results.map((result): ReadResult => {
          const isDamaged = result.type === 'blob' && this.damagedBlobs.has(result.blob.id)
          return isDamaged ? { type: 'damaged' } : result
        })
        return core.reads.done(output.id, read)
      }
      case 'read-staged':
        return core.reads.done(output.id, disk.readStaged(output.group, output.offer, output.ids))
      case 'read-held':
        return core.reads.retainedDone(output.id, disk.held(output.group, output.indexes))
      case 'read-retained': {
        const { id, group, from, countMax } = output
        return core.reads.retainedDone(id, disk.retained(group, from, countMax))
      }
      default:
        return
    }
  }

  #withDamage(results: readonly ReadResult[]): readonly ReadResult[] {
    return results.map((result) => {
      const isDamaged = result.type === 'entry' && this.damaged.has(result.entry.index)
      return isDamaged ? { type: 'damaged' } : result
    })
  }

  /** Indexes of entries, or ids of blobs, that this node asked for, in order. */
  asked(type: 'snapshot-entries' | 'snapshot-blobs'): readonly number[] {
    return this.calls.flatMap((call) => {
      if (call.type !== 'snapshot-entries' && call.type !== 'snapshot-blobs') return []
      if (call.type !== type) return []
      return call.type === 'snapshot-entries' ? call.indexes : call.ids
    })
  }
}

/** Until nobody has anything to do, or `isEnough`. */
export function settle(
  nodes: ReadonlyMap<number, StoreNode>,
  isEnough: () => boolean = () => false
): void {
  for (let isBusy = true; isBusy; ) {
    isBusy = false
    for (const node of nodes.values()) {
      if (isEnough()) return
      if (node.work()) isBusy = true
    }
  }
}

/** Writes a log of group 1 and a snapshot at its end; `freed` entries are gone. */
export function fill(
  disk: MemoryDisk,
  entries: readonly Entry[],
  snapshot: { readonly blobs: readonly Blob[]; readonly freed: readonly IndexRange[] } | null
): void {
  const write = { group: 1, hardState: null, truncateFrom: null, entries }
  disk.apply(commitRecord(disk.lastRecord + 1, { groups: [write] }))
  if (snapshot === null) return
  const { blobs: newBlobs, freed } = snapshot
  const { index = 0, term = 0 } = entries.at(-1) ?? {}
  const blobs = newBlobs.map(({ id }) => id)
  const configuration = { voters: [], outgoing: [], learners: [] }
  const meta = { id: { index, term }, configuration, manifest: new Uint8Array(0) }
  const taken = { group: 1, meta, newBlobs, blobs, freed, keepFrom: index + 1 }
  disk.apply(commitRecord(disk.lastRecord + 1, { snapshots: [taken] }))
}

export function entriesOf(first: number, last: number, term: number): readonly Entry[] {
  return Array.from({ length: last - first + 1 }, (_, at) => entryAt(first + at, term))
}

export function blobsOf(text: string, count: number): readonly Blob[] {
  return Array.from({ length: count }, (_, at) => {
    return { id: at + 1, bytes: Buffer.from(`${text} ${at + 1}`) }
  })
}

export function unavailable(): CallResult {
  return errorResult(new HoldfastError('UNAVAILABLE', { reason: 'the link is cut' }))
}
