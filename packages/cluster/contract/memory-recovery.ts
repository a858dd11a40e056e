// What a MemoryDisk holds of one group, as a member is started with it.
import type { GroupId, RecoveredGroup } from '@holdfast/cluster'
import type { Entry, TermRun } from '@holdfast/raft'
import type { StoredGroup } from './memory-disk.ts'

export function bare(entry: Entry): Entry {
  return { index: entry.index, term: entry.term, type: entry.type, data: entry.data }
}

export function recoverGroup(group: GroupId, state: StoredGroup): RecoveredGroup {
  const { hardState, meta, lastIndex, staged } = state
  let firstIndex = lastIndex + 1
  while (state.entries.has(firstIndex - 1)) firstIndex -= 1
  const terms: TermRun[] = []
  const entries: Entry[] = []
  for (let index = firstIndex; index <= lastIndex; index += 1) {
    const entry = state.entries.get(index)
    if (entry === undefined) continue
    if (terms.at(-1)?.term !== entry.term) terms.push({ firstIndex: index, term: entry.term })
    if (index > (meta?.id.index ?? 0)) entries.push(bare(entry))
  }
  const blobs = [...state.blobs.values()].sort((a, b) => a.id - b.id)
  return {
    group,
    hardState,
    snapshot: meta === null ? null : { meta, blobs },
    firstIndex,
    terms,
    lastIndex,
    entries,
    staged: staged === null ? null : describeStaged(staged)
  }
}

function describeStaged(staged: NonNullable<StoredGroup['staged']>): RecoveredGroup['staged'] {
  const blobs = [...staged.blobs.keys()].sort((a, b) => a - b)
  const entries = [...staged.entries.values()].map(({ index, term }) => ({ index, term }))
  entries.sort((a, b) => a.index - b.index)
  return { source: staged.source, snapshot: staged.snapshot, blobs, entries }
}
