// What can still be known of a damaged log: the last checkpoint that can be read, and of the
// records above it those that are whole. Behind one that is missing, an entry counts only if it
// follows the log of its group in the same term: the log of one term is one leader's, so nothing
// can have been between (Raft §5.3). What else comes behind a hole may rest on what was in it, and
// is lost.
import { Unreadable } from './byte-reader.ts'
import type { Change } from './change.ts'
import { type CheckpointFields, readCheckpoint } from './checkpoint-codec.ts'
import type { GroupState, NodeState } from './node-state.ts'
import { decodeCommitRecord, forEachSection } from './record-decoder.ts'
import { isReadError } from './record-reader.ts'
import { type Database, findRecords, type RecordSource, restore } from './recovery.ts'
import type { RecordHeader } from './section.ts'

/** What a record of a group's log said that could not be kept, and how far the log reached. */
export interface Reach {
  lastIndex: number
  commit: number
}

export interface SalvagedState {
  readonly state: NodeState
  readonly lastSequence: number
  /** Highest record id that was seen. */
  readonly lastRecord: number
  /** Whether a record above the checkpoint is missing: hard states may be older than they were. */
  readonly hasHole: boolean
  readonly reach: ReadonlyMap<number, Reach>
}

/**
 * Records looked at from the end for one that names a checkpoint: fewer where LevelDB cannot read
 * so far back.
 */
const lookBacks = [4096, 256, 16, 1] as const

/** Null if no checkpoint can be read. */
export async function salvageState(
  database: Database,
  source: RecordSource
): Promise<SalvagedState | null> {
  const sequences = await lookBack(database)
  const tried = new Set<number>()
  for (const sequence of sequences) {
    const header = await headerOf(source, sequence)
    if (header === null || header.checkpoint === 0 || tried.has(header.checkpoint)) continue
    tried.add(header.checkpoint)
    const fields = await checkpointAt(source, header.checkpoint)
    if (fields === null) continue
    const state = await restore(fields.fields, source, true)
    state.recordId = fields.header.recordId
    const end = sequences[0] ?? sequence
    return await new LenientReplay(state, end).run(source, header.checkpoint)
  }
  return null
}

async function lookBack(database: Database): Promise<readonly number[]> {
  for (const countMax of lookBacks) {
    try {
      const found = await findRecords(database, countMax)
      return found.filter((sequence) => sequence !== null)
    } catch (error) {
      if (!isReadError(error)) throw error
    }
  }
  return []
}

async function headerOf(source: RecordSource, sequence: number): Promise<RecordHeader | null> {
  try {
    return (await source.find(sequence))?.header ?? null
  } catch (error) {
    if (error instanceof Unreadable || isReadError(error)) return null
    throw error
  }
}

async function checkpointAt(
  source: RecordSource,
  sequence: number
): Promise<{ readonly fields: CheckpointFields; readonly header: RecordHeader } | null> {
  try {
    const { value, header } = await source.get(sequence)
    if (header.kind !== 'checkpoint') return null
    let fields: CheckpointFields | null = null
    forEachSection(value, header, source.checksum, (head, data) => {
      if (head.kind === 'checkpoint') fields = readCheckpoint(data)
    })
    return fields === null ? null : { fields, header }
  } catch (error) {
    if (error instanceof Unreadable || isReadError(error)) return null
    throw error
  }
}

class LenientReplay {
  readonly #state: NodeState
  readonly #end: number
  readonly #reach = new Map<number, Reach>()
  #lastRecord: number
  #hasHole = false
  /** Groups of which a change behind the last hole proves that all before it stands. */
  readonly #proven = new Set<number>()

  constructor(state: NodeState, end: number) {
    this.#state = state
    this.#end = end
    this.#lastRecord = state.recordId
  }

  async run(source: RecordSource, checkpoint: number): Promise<SalvagedState> {
    const sequences: number[] = []
    for (let at = checkpoint + 1; at <= this.#end; at += 1) sequences.push(at)
    await source.forEach(
      sequences,
      () => 65_536,
      (sequence, value, header) => {
        const changes = value === null || header === null ? null : changesOf(value, header, source)
        if (changes === null || value === null || header?.checkpoint !== checkpoint) {
          this.#hasHole = true
          this.#proven.clear()
          return
        }
        this.#lastRecord = Math.max(this.#lastRecord, header.recordId)
        this.#state.table.register(sequence, value.length)
        for (const change of changes) this.#take(change)
      }
    )
    const state = this.#state
    const [lastSequence, lastRecord, hasHole] = [this.#end, this.#lastRecord, this.#hasHole]
    return { state, lastSequence, lastRecord, hasHole, reach: this.#reach }
  }

  #take(change: Change): void {
    if (change.type === 'removed-group') this.#reach.delete(change.group)
    if (change.type === 'entry') this.#reached(change.group).lastIndex = change.index
    if (change.type === 'group' && change.hardState !== null) {
      this.#reached(change.group).commit = change.hardState.commit
    }
    if (this.#hasHole && !this.#stands(change)) return
    // Of a group that is removed nothing in the hole matters any more.
    const isProof = change.type === 'entry' || change.type === 'removed-group'
    if (this.#hasHole && isProof) this.#proven.add(change.group)
    this.#state.apply([this.#asFarAsKnown(change)], this.#state.recordId)
  }

  /** What a commit index behind a hole speaks of may be entries that were in the hole. */
  #asFarAsKnown(change: Change): Change {
    if (!this.#hasHole || change.type !== 'group' || change.hardState === null) return change
    if (this.#proven.has(change.group)) return change
    const { commit } = this.#state.group(change.group).hardState
    return { ...change, hardState: { ...change.hardState, commit } }
  }

  #reached(group: number): Reach {
    let reach = this.#reach.get(group)
    if (reach === undefined) {
      reach = { lastIndex: 0, commit: 0 }
      this.#reach.set(group, reach)
    }
    return reach
  }

  /** Whether a change behind a hole says something that the hole cannot have made untrue. */
  #stands(change: Change): boolean {
    switch (change.type) {
      case 'entry':
        return follows(this.#state.group(change.group), change.index, change.term)
      case 'snapshot': {
        const { lastIndex, blobs } = this.#state.group(change.group)
        return change.id.index <= lastIndex && change.blobs.every((id) => blobs.has(id))
      }
      case 'stage':
      case 'staged-entry':
      case 'staged-blob':
      case 'install':
        return false
      default:
        return true
    }
  }
}

function follows({ log, lastIndex, snapshot }: GroupState, index: number, term: number): boolean {
  const last = log.get(lastIndex)?.term ?? (snapshot?.id.index === lastIndex ? snapshot.id.term : 0)
  return index === lastIndex + 1 && term === last
}

function changesOf(
  value: Uint8Array,
  header: RecordHeader,
  source: RecordSource
): readonly Change[] | null {
  if (header.kind !== 'commit') return null
  try {
    return decodeCommitRecord(value, header, source.checksum)
  } catch (error) {
    if (error instanceof Unreadable) return null
    throw error
  }
}
