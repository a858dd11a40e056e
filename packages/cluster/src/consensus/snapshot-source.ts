// Serves the parts of this node's snapshots to replicas that fetch them.
import { HoldfastError } from '@holdfast/errors'
import type { Entry } from '@holdfast/raft'
import type { Core } from '../core.ts'
import type { GroupId, IndexRange, ReadResult } from '../log-store.ts'
import { ByteWriter, join } from '../peers/byte-writer.ts'
import { type Answer, errorResult } from '../peers/calls.ts'
import type { Call } from '../peers/peer-message.ts'
import { writeEntry, writeRetained } from '../peers/raft-codec.ts'

type SnapshotCall = Extract<
  Call,
  { type: 'snapshot-open' | 'snapshot-blobs' | 'snapshot-retained' | 'snapshot-entries' }
>

/** The entries that were read, or null if one could not be had. */
type Took = (entries: readonly Entry[] | null) => void

export function serveSnapshot(core: Core, call: SnapshotCall, answer: Answer): void {
  const { group } = call
  const refusal = errorResult(new HoldfastError('GROUP_NOT_FOUND', { group }))
  const taken = core.groups.get(group) === undefined ? null : core.snapshots.pin(group)
  if (taken === null || taken.meta.id.index !== call.index) return answer(refusal)
  if (call.type === 'snapshot-open') {
    return answer({ type: 'snapshot-opened', blobs: taken.blobs })
  }
  if (call.type === 'snapshot-retained') return sendList(core, call, answer)
  if (call.type === 'snapshot-entries') {
    const { indexes } = call
    const isSound = indexes.length > 0 && indexes.length <= core.tuning.retainedPerList
    if (!isSound || indexes.some((index) => index > call.index)) return answer(refusal)
    return sendEntries(core, group, indexes, answer)
  }
  const known = new Set(taken.blobs)
  if (call.ids.length > known.size || !call.ids.every((id) => known.has(id))) return answer(refusal)
  core.reads.blobs(group, call.ids, (results) => {
    const blobs = results.flatMap((result) => (result.type === 'blob' ? [result.blob] : []))
    if (blobs.length === call.ids.length) return answer({ type: 'snapshot-blobs', blobs })
    // The offer is void: another snapshot is on its way.
    const found = new Set(blobs.map(({ id }) => id))
    core.snapshots.blobsLost(
      group,
      call.ids.filter((id) => !found.has(id))
    )
    answer(refusal)
  })
}

function damaged(group: GroupId, index: number): ReturnType<typeof errorResult> {
  return errorResult(new HoldfastError('ENTRY_DAMAGED', { group, index }))
}

function sendList(
  core: Core,
  call: Extract<Call, { type: 'snapshot-retained' }>,
  answer: Answer
): void {
  const { group, index, from } = call
  const { retainedPerList } = core.tuning
  core.reads.retained(group, from, retainedPerList, (listed) => {
    const writer = new ByteWriter()
    for (const entry of listed) if (entry.index <= index) writeRetained(writer, entry)
    const last = listed.at(-1)?.index ?? index
    const isAll = listed.length < retainedPerList || last >= index
    answer({
      type: 'snapshot-retained',
      entries: join(writer.take()),
      next: isAll ? null : last + 1
    })
  })
}

function sendEntries(core: Core, group: GroupId, indexes: readonly number[], answer: Answer): void {
  readRuns(core, group, runsOf(indexes), [], (entries) => {
    if (entries === null) return answer(damaged(group, indexes[0] ?? 0))
    const writer = new ByteWriter()
    for (const entry of entries) writeEntry(writer, entry)
    answer({ type: 'snapshot-entries', entries: join(writer.take()) })
  })
}

function runsOf(indexes: readonly number[]): IndexRange[] {
  const runs: { first: number; last: number }[] = []
  for (const index of indexes) {
    const last = runs.at(-1)
    if (last !== undefined && last.last + 1 === index) last.last = index
    else runs.push({ first: index, last: index })
  }
  return runs
}

/** Reads run by run until a chunk is full; what was read before one that cannot be had is good. */
function readRuns(
  core: Core,
  group: GroupId,
  runs: readonly IndexRange[],
  before: readonly Entry[],
  done: Took
): void {
  const [run, ...rest] = runs
  const bytes = before.reduce((sum, entry) => sum + entry.data.length, 0)
  const bytesLeft = core.tuning.snapshotChunkBytes - bytes
  if (run === undefined || (before.length > 0 && bytesLeft <= 0)) return done(before)
  core.reads.entries(group, run, Math.max(1, bytesLeft), (results) => {
    makeWhole(core, group, run.first, results, (entries) => {
      if (entries === null) return done(before.length > 0 ? before : null)
      const taken = [...before, ...entries]
      const isWholeRun = results.length === run.last - run.first + 1
      if (isWholeRun) readRuns(core, group, rest, taken, done)
      else done(taken)
    })
  })
}

/** An entry that is damaged here is fetched from another replica first, and repaired on the way. */
function makeWhole(
  core: Core,
  group: GroupId,
  first: number,
  results: readonly ReadResult[],
  done: Took
): void {
  const at = results.findIndex((result) => result.type !== 'entry')
  if (at < 0) {
    return done(results.flatMap((result) => (result.type === 'entry' ? [result.entry] : [])))
  }
  core.repair.fetch(group, first + at, (entry) => {
    if (entry === null) return done(null)
    makeWhole(core, group, first, results.with(at, { type: 'entry', entry }), done)
  })
}
