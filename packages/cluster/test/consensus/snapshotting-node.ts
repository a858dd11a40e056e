// A node with groups made by hand, to see when it takes snapshots.
import type { Core } from '../../src/core.ts'
import type { SnapshotWrite } from '../../src/log-store.ts'
import { coreWith } from '../part-core.ts'

export const snapshotBytes: number = 1000
export const snapshotEntries: number = 100
export const keepBytesMax: number = 5000

export interface FakeGroup {
  readonly id: number
  appliedBytes: number
  haltedReason: string | null
  nudges: number
  nudge(): void
  readonly raft: {
    appliedIndex: number
    /** Of each other replica, where this one leads. */
    matches: number[]
    readonly compacted: number[]
  }
}

export function groupOf(id: number): FakeGroup {
  const compacted: number[] = []
  const raft = {
    appliedIndex: 0,
    matches: [] as number[],
    compacted,
    termAt: () => 1,
    configurationAt: () => ({ voters: [1], outgoing: [], learners: [] }),
    progress: () => raft.matches.map((match, i) => ({ replica: i + 2, match })),
    snapshotTaken: () => undefined,
    compact: (keepFrom: number) => compacted.push(keepFrom)
  }
  const group: FakeGroup = {
    id,
    appliedBytes: 0,
    haltedReason: null,
    raft,
    nudges: 0,
    nudge: () => {
      group.nudges++
    }
  }
  return group
}

export interface Node {
  readonly core: Core
  /** Snapshots that are on their way to the disk. */
  readonly writes: SnapshotWrite[]
  /** The blobs that each of them must do without. */
  readonly losses: readonly (readonly number[])[]
  /** They are durable. */
  durable(): void
  /** Applies entries of 10 bytes each, and takes what snapshot is due; how many were taken. */
  apply(group: FakeGroup, count: number): number
}

export function make(...groups: readonly FakeGroup[]): Node {
  const writes: SnapshotWrite[] = []
  const losses: (readonly number[])[] = []
  let waiting: (() => void)[] = []
  const empty = { manifest: new Uint8Array(0), newBlobs: [], blobs: [], freed: [] }
  const core = coreWith({
    tuning: { snapshotBytes, snapshotEntries, keepBytesMax },
    groups: {
      all: () => groups,
      shardHost: () => ({ machine: { retainedEntries: () => [{ first: 40, last: 60 }] } }),
      snapshotMachine: (_group: number, lost: ReadonlySet<number>) => {
        losses.push([...lost])
        return { ...empty, blobs: [writes.length + 1] }
      }
    },
    commit: {
      addSnapshot: (write: SnapshotWrite) => writes.push(write),
      whenDurable: (_record: number, run: () => void) => waiting.push(run)
    }
  })
  const durable = (): void => {
    const done = waiting
    waiting = []
    for (const run of done) run()
  }
  const apply = (group: FakeGroup, count: number): number => {
    const before = writes.length
    group.raft.appliedIndex += count
    group.appliedBytes += count * 10
    core.snapshots.lookAgain()
    core.snapshots.flush()
    return writes.length - before
  }
  return { core, writes, losses, durable, apply }
}
