// Serves the parts of this node's snapshots to replicas that fetch them.
import { HoldfastError } from '@holdfast/errors'
import type { Entry } from '@holdfast/raft'
import type { Core } from '../core.ts'
import type { GroupId, IndexRange, ReadResult, RetainedEntry } from '../log-store.ts'
import { ByteWriter, join } from '../peers/byte-writer.ts'
import { type Answer, errorResult } from '../peers/calls.ts'
import type { Call } from '../peers/peer-message.ts'
import { writeEntry } from '../peers/raft-codec.ts'

type SnapshotCall = Extract<Call, { type: 'snapshot-open' | 'snapshot-blobs' | 'snapshot-entries' }>

/** Retained entries looked up for one chunk. */
const retainedPerChunk = 1024

export function serveSnapshot(core: Core, call: SnapshotCall, answer: Answer): void {
  const { group } = call
  const taken = core.groups.get(group) === undefined ? null : core.snapshots.pin(group)
  const isCurrent = taken !== null && taken.meta.id.index === call.index
  if (!isCurrent) return answer(errorResult(new HoldfastError('GROUP_NOT_FOUND', { group })))
  if (call.type === 'snapshot-open') {
    return answer({ type: 'snapshot-opened', blobs: taken.blobs })
  }
  if (call.type === 'snapshot-blobs') {
    const known = new Set(taken.blobs)
    if (call.ids.length > known.size || !call.ids.every((id) => known.has(id))) {
      return answer(errorResult(new HoldfastError('GROUP_NOT_FOUND', { group })))
    }
    return core.reads.blobs(group, call.ids, (results) => {
      const blobs = results.flatMap((result) => (result.type === 'blob' ? [result.blob] : []))
      if (blobs.length < call.ids.length) answer(damaged(group, 0))
      else answer({ type: 'snapshot-blobs', blobs })
    })
  }
  core.reads.retained(group, call.from, retainedPerChunk, (retained) => {
    sendRetained(core, group, call.index, retained, answer)
  })
}

function damaged(group: GroupId, index: number): ReturnType<typeof errorResult> {
  return errorResult(new HoldfastError('ENTRY_DAMAGED', { group, index }))
}

/** Reads as many of the listed entries as fit into a chunk, run by run, and answers. */
function sendRetained(
  core: Core,
  group: GroupId,
  snapshotIndex: number,
  listed: readonly RetainedEntry[],
  answer: Answer
): void {
  const retained = listed.filter((entry) => entry.index <= snapshotIndex)
  const chosen: RetainedEntry[] = []
  let bytes = 0
  for (const entry of retained) {
    if (chosen.length > 0 && bytes + entry.sizeBytes > core.tuning.snapshotChunkBytes) break
    chosen.push(entry)
    bytes += entry.sizeBytes
  }
  const last = chosen.at(-1)
  const isAll = chosen.length === retained.length && listed.length < retainedPerChunk
  const next = last === undefined || isAll ? null : last.index + 1
  const writer = new ByteWriter()
  readRuns(
    core,
    group,
    runsOf(chosen),
    (entry) => writeEntry(writer, entry),
    (isComplete) => {
      if (!isComplete) return answer(damaged(group, last?.index ?? 0))
      answer({ type: 'snapshot-entries', entries: join(writer.take()), next })
    }
  )
}

function runsOf(entries: readonly RetainedEntry[]): IndexRange[] {
  const runs: { first: number; last: number }[] = []
  for (const { index } of entries) {
    const last = runs.at(-1)
    if (last !== undefined && last.last + 1 === index) last.last = index
    else runs.push({ first: index, last: index })
  }
  return runs
}

function readRuns(
  core: Core,
  group: GroupId,
  runs: readonly IndexRange[],
  take: (entry: Entry) => void,
  done: (isComplete: boolean) => void
): void {
  const [run, ...rest] = runs
  if (run === undefined) return done(true)
  core.reads.entries(
    group,
    run,
    core.tuning.snapshotChunkBytes * 32,
    (results: readonly ReadResult[]) => {
      for (const result of results) if (result.type === 'entry') take(result.entry)
      const isComplete = results.length === run.last - run.first + 1
      if (!isComplete || results.some((result) => result.type !== 'entry')) return done(false)
      readRuns(core, group, rest, take, done)
    }
  )
}
