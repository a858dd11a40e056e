// `holdfast recover --accept-loss`: makes a directory that can be used of what is intact in one
// that is damaged, and says exactly what is not (storage rule S8). For when no other replica has
// it, or none of them can go on without this one; nothing is decided here that Raft could decide.
// The damaged directory is set aside whole.
import { copyFile, mkdir, readdir, readFile, realpath, rename, rm, unlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  type CommitRecord,
  commitRecord,
  type GroupId,
  type IndexRange,
  type RecoveredGroup
} from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { type Entry, encodeConfiguration } from '@holdfast/raft'
import {
  formatName,
  noteName,
  recoveredName,
  replaceFile,
  suspectName,
  syncDirectory,
  unusable
} from './data-directory.ts'
import { DirectoryLock } from './directory-lock.ts'
import type { LevelStore } from './level-store.ts'
import { openStore } from './open-store.ts'
import { moveAside } from './quarantine.ts'
import { type Salvage, salvage } from './salvage.ts'
import type { SalvagedGroup } from './salvaged-groups.ts'

export interface GroupLoss {
  readonly group: GroupId
  /** Nothing of the group could be kept. */
  readonly isWhole: boolean
  /** Last entry that was kept. */
  readonly lastIndex: number
  /** Entries behind it that were there; those up to `commit` were committed. */
  readonly lost: IndexRange | null
  readonly commit: number
  /** Entries that live messages may be in, and that cannot be read. Other replicas are asked. */
  readonly damaged: readonly number[]
  /** Messages in them that were live at the last snapshot; null if that is not known. */
  readonly damagedMessages: number | null
}

/** Live messages in these entries, as far as the snapshot of the group tells. */
export type CountLive = (group: RecoveredGroup, indexes: readonly number[]) => number | null

export interface RecoveryReport {
  readonly directory: string
  /** Where the damaged directory is. */
  readonly aside: string
  /** Groups that lost something; all others are whole. */
  readonly losses: readonly GroupLoss[]
  /** All groups that were kept. */
  readonly kept: readonly GroupId[]
}

const chunkBytes = 1_048_576

/**
 * Replaces a damaged directory by what is intact in it.
 * @throws DATA_UNRECOVERABLE, DATA_DIRECTORY_IN_USE, DATA_DIRECTORY_UNUSABLE
 */
export async function recoverDirectory(
  directory: string,
  countLive: CountLive = () => null
): Promise<RecoveryReport> {
  const path = await realpath(resolve(directory)).catch((error) => {
    throw unusable(directory, error)
  })
  const found = await salvage(path)
  const made = join(path, recoveredName)
  try {
    assertRecoverable(path, found)
    await rm(made, { recursive: true, force: true })
    await mkdir(made)
    await new Rebuilder(found, made).run()
  } finally {
    await found.store.close()
  }
  const aside = await replace(path)
  const groups = found.groups ?? []
  const losses = groups.flatMap((group) => lossOf(group, countLive))
  const kept = groups.filter((group) => group.kept !== null).map(({ group }) => group)
  return { directory: path, aside, losses, kept }
}

function assertRecoverable(directory: string, { identity, groups }: Salvage): void {
  const refuse = (reason: string): never => {
    throw new HoldfastError('DATA_UNRECOVERABLE', { directory, reason })
  }
  if (identity === null) refuse('nothing says which node it was')
  if (groups === null) refuse('no checkpoint of its log can be read')
  if (groups?.find(({ group }) => group === 0)?.kept === null) {
    refuse('the snapshot of the metadata is broken')
  }
}

function lossOf(salvaged: SalvagedGroup, countLive: CountLive): readonly GroupLoss[] {
  const { group, kept, lost, commit, damaged } = salvaged
  const isWhole = kept === null
  if (!isWhole && lost === null && damaged.length === 0) return []
  const damagedMessages = kept === null || damaged.length === 0 ? null : countLive(kept, damaged)
  const lastIndex = kept?.lastIndex ?? 0
  return [{ group, isWhole, lastIndex, lost, commit, damaged, damagedMessages }]
}

/**
 * The damaged files go aside with all there is; then the recovered ones take their place. Cut short
 * anywhere, the directory counts as damaged, and as this member's, never as blank.
 */
async function replace(path: string): Promise<string> {
  const note = join(path, noteName)
  const suspect = join(path, suspectName)
  const lock = await DirectoryLock.take(path, join(path, 'node.lock'))
  try {
    await replaceFile(note, await readFile(join(path, recoveredName, noteName), 'utf8'))
    await replaceFile(suspect, 'a recovery is under way\n')
    const aside = await moveAside(path, [noteName, suspectName])
    await copyFile(note, join(aside, noteName))
    const made = join(aside, recoveredName)
    for (const name of formatLast(await readdir(made))) {
      await rename(join(made, name), join(path, name))
    }
    await syncDirectory(path)
    await unlink(suspect)
    await syncDirectory(path)
    await rm(made, { recursive: true })
    return aside
  } finally {
    await lock.release()
  }
}

/** Whatever lies beside a format counts. */
function formatLast(names: readonly string[]): readonly string[] {
  return [...names.filter((name) => name !== formatName), formatName]
}

/** Writes what was salvaged into a blank store, by the same records as any other. */
class Rebuilder {
  readonly #salvage: Salvage
  readonly #directory: string
  #store: LevelStore | null = null
  #lastRecord: number

  constructor(found: Salvage, directory: string) {
    this.#salvage = found
    this.#directory = directory
    this.#lastRecord = found.lastRecordMax
  }

  async run(): Promise<void> {
    const { identity, peers, groups, store } = this.#salvage
    const successor = { storeId: store.recovered.storeId, lastRecord: this.#lastRecord }
    this.#store = await openStore({ directory: this.#directory, successor })
    try {
      await this.#write({ identity, peers })
      for (const group of groups ?? []) await this.#group(group)
    } finally {
      await this.#store.close()
    }
  }

  async #write(parts: Partial<CommitRecord>): Promise<void> {
    this.#lastRecord += 1
    await this.#store?.write(commitRecord(this.#lastRecord, parts))
  }

  async #group(salvaged: SalvagedGroup): Promise<void> {
    const { group, kept, configuration } = salvaged
    if (kept === null) {
      // Alone in its group: it begins again. Otherwise the others have it, and it learns from them.
      if (configuration?.voters.length !== 1 || configuration.outgoing.length > 0) return
      const data = encodeConfiguration({ ...configuration, learners: [] })
      const entry = { index: 1, term: 1, type: 'configuration', data } as const
      const hardState = { term: 1, vote: null, commit: 0 }
      await this.#write({ groups: [{ group, hardState, truncateFrom: null, entries: [entry] }] })
      return
    }
    if (kept.snapshot !== null) await this.#snapshot(salvaged, kept.snapshot)
    const { hardState } = kept
    const write = { group, truncateFrom: null }
    const first = { ...hardState, commit: Math.min(hardState.commit, kept.firstIndex - 1) }
    await this.#write({ groups: [{ ...write, hardState: first, entries: [] }] })
    for (const entries of chunksOf(kept.entries)) {
      await this.#write({ groups: [{ ...write, hardState: null, entries }] })
    }
    await this.#write({ groups: [{ ...write, hardState, entries: [] }] })
  }

  /** Stages what the snapshot consists of, and installs it: the path of every snapshot fetched. */
  async #snapshot(
    { group, kept, retained }: SalvagedGroup,
    snapshot: NonNullable<NonNullable<SalvagedGroup['kept']>['snapshot']>
  ): Promise<void> {
    const { meta, blobs } = snapshot
    const stage = { group, source: 1, snapshot: meta.id }
    await this.#write({ stages: [{ ...stage, blobs: [], entries: [] }] })
    for (const blob of blobs) {
      await this.#write({ stages: [{ ...stage, blobs: [blob], entries: [] }] })
    }
    const held: number[] = []
    let at = 0
    while (at < retained.length) {
      const first = retained[at] ?? 0
      let last = first
      while (retained[at + last - first + 1] === last + 1) last += 1
      const results = await this.#salvage.store.readEntries(group, { first, last }, chunkBytes)
      const entries = results.flatMap((result) => (result.type === 'entry' ? [result.entry] : []))
      if (entries.length > 0) await this.#write({ stages: [{ ...stage, blobs: [], entries }] })
      for (const { index } of entries) held.push(index)
      at += results.length
    }
    const { term } = kept?.hardState ?? { term: meta.id.term }
    const hardState = { term: Math.max(term, meta.id.term), vote: null, commit: meta.id.index }
    const install = { group, meta, hardState, blobs: blobs.map(({ id }) => id) }
    const kepts = held.map((index) => ({ first: index, last: index }))
    await this.#write({ installs: [{ ...install, retained: kepts }] })
  }
}

function* chunksOf(entries: readonly Entry[]): Generator<readonly Entry[]> {
  let chunk: Entry[] = []
  let bytes = 0
  for (const entry of entries) {
    if (chunk.length > 0 && bytes + entry.data.length > chunkBytes) {
      yield chunk
      chunk = []
      bytes = 0
    }
    chunk.push(entry)
    bytes += entry.data.length
  }
  if (chunk.length > 0) yield chunk
}
