// Makes of a data directory, whose process is dead, what a power cut would have left of it. Each
// file keeps what was synced and a random part of the rest; a random suffix of the changes of names
// since the last sync is taken back. Then the records begin anew: what is there now is durable.
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  truncateSync,
  writeSync
} from 'node:fs'
import { join, relative } from 'node:path'
import type { Random } from '@holdfast/testkit'
import {
  directoryOf,
  type FileState,
  type NameChange,
  type OldBytes,
  type Recording,
  readRecording
} from './recording.ts'

/**
 * `ordered`: one journal of all names, which any sync of a file that grew commits, and no size
 * without its data (ext4, XFS). `adversarial`: what POSIX promises and no more: a name is durable
 * once its directory is synced, and sectors that were not synced may be blank.
 */
export type DiskMode = 'ordered' | 'adversarial'

export interface ImageOptions {
  readonly data: string
  /** Directory of the records of this node. */
  readonly records: string
  readonly mode: DiskMode
  readonly random: Random
  /** `none`: nothing that was not synced is left, by name or by bytes. Default `some`. */
  readonly unsynced?: 'some' | 'none'
  /** A file, named from the data directory, of which everything reached the disk all the same. */
  readonly kept?: string
}

export interface ImageReport {
  readonly syncs: number
  /** Changes of names that were taken back, oldest first. */
  readonly undone: readonly string[]
  /** Files that lost bytes: name, bytes found, bytes kept. */
  readonly cut: readonly (readonly [name: string, found: number, kept: number])[]
}

const sectorBytes = 512

function inodeOf(path: string): number | null {
  return lstatSync(path, { throwIfNoEntry: false })?.ino ?? null
}

/** Takes back one change, if it took place at all: the process may have died just before it. */
function undo(change: NameChange): boolean {
  switch (change.type) {
    case 'create':
    case 'link':
      if (inodeOf(change.path) !== change.inode) return false
      rmSync(change.path)
      return true
    case 'make':
      if (!existsSync(change.path)) return false
      rmSync(change.path, { recursive: true })
      return true
    case 'remove':
      mkdirSync(change.path, { recursive: true })
      return true
    case 'unlink':
      if (!existsSync(change.saved) || !existsSync(change.directory)) return false
      renameSync(change.saved, change.path)
      return true
    case 'rename':
      if (inodeOf(change.to) !== change.inode) return false
      if (existsSync(directoryOf(change.from))) renameSync(change.to, change.from)
      else rmSync(change.to, { recursive: true })
      if (change.saved !== null && existsSync(change.saved)) linkSync(change.saved, change.to)
      return true
  }
}

function nameOf(change: NameChange, data: string): string {
  const name = (path: string): string => relative(directoryOf(data), path)
  const what = change.type === 'rename' ? `${change.from} ${change.to}` : change.path
  return `${change.type} ${what.split(' ').map(name).join(' to ')}`
}

/** How many of `count`: none, all, or anything between, each a third of the time. */
function part(random: Random, count: number): number {
  const draw = random.below(3)
  if (draw === 0) return 0
  return draw === 1 ? count : random.integer(0, count)
}

class ImageBuilder {
  readonly #options: ImageOptions
  readonly #recording: Recording
  readonly #copies: number
  readonly cut: [string, number, number][] = []

  constructor(options: ImageOptions) {
    this.#options = options
    this.#recording = readRecording(options.records)
    this.#copies = openSync(join(options.records, 'copies'), 'a+')
  }

  get syncs(): number {
    return this.#recording.syncs
  }

  undoNames(): string[] {
    const { mode, random, data, unsynced } = this.#options
    const { changes, directorySyncs, journalSync } = this.#recording
    const isOrdered = mode === 'ordered'
    const pending = new Map<string, NameChange[]>()
    for (const change of changes) {
      const synced = isOrdered ? journalSync : (directorySyncs.get(change.directory) ?? 0)
      if (change.position < synced) continue
      const list = pending.get(isOrdered ? '' : change.directory) ?? []
      list.push(change)
      pending.set(isOrdered ? '' : change.directory, list)
    }
    const taken: NameChange[] = []
    for (const list of pending.values()) {
      const count = unsynced === 'none' ? list.length : part(random, list.length)
      if (count > 0) taken.push(...list.slice(-count))
    }
    taken.sort((left, right) => right.position - left.position)
    const undone = taken.filter((change) => undo(change))
    return undone.reverse().map((change) => nameOf(change, data))
  }

  cutFiles(directory: string = this.#options.data): void {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name)
      if (entry.isDirectory()) this.cutFiles(path)
      else if (entry.isFile()) this.#cutFile(path)
    }
  }

  #cutFile(path: string): void {
    const file = openSync(path, 'r+')
    const { ino, size } = fstatSync(file)
    const state = this.#recording.files.get(ino)
    const name = relative(this.#options.data, path)
    if (state !== undefined && name !== this.#options.kept) {
      const kept = this.#reduce(file, size, state)
      if (kept !== size) this.cut.push([name, size, kept])
    }
    closeSync(file)
  }

  /** Returns how many bytes are left. */
  #reduce(file: number, size: number, state: FileState): number {
    const { random, mode, unsynced } = this.#options
    const isNone = unsynced === 'none'
    const [truncation] = state.truncations
    if (truncation !== undefined && (isNone || random.chance(0.5))) {
      const { offset, length, durableBefore, copyAt } = truncation
      ftruncateSync(file, Math.min(size, offset))
      const left = Math.max(0, Math.min(length, durableBefore - offset))
      this.#restore(file, offset, left, copyAt)
      return fstatSync(file).size
    }
    const durable = Math.min(size, state.durableBytes)
    const kept = durable + (isNone ? 0 : part(random, size - durable))
    // Newest first, so that what was overwritten more than once ends as it was at the last sync.
    for (const old of state.overwrites.toReversed()) this.#takeBack(file, old, isNone)
    ftruncateSync(file, kept)
    for (const [from, to] of state.doubtful) this.#blank(file, from, Math.min(to, kept))
    if (mode === 'adversarial' && random.chance(0.25)) this.#blank(file, durable, kept)
    return kept
  }

  /** Sector by sector, the old bytes or the new ones. */
  #takeBack(file: number, { offset, length, copyAt }: OldBytes, isAll: boolean): void {
    for (let at = offset; at < offset + length; ) {
      const end = Math.min(offset + length, (Math.floor(at / sectorBytes) + 1) * sectorBytes)
      if (isAll || this.#options.random.chance(0.5)) {
        this.#restore(file, at, end - at, copyAt + at - offset)
      }
      at = end
    }
  }

  #restore(file: number, offset: number, length: number, copyAt: number): void {
    const bytes = new Uint8Array(length)
    if (readSync(this.#copies, bytes, 0, length, copyAt) !== length) {
      throw new Error('the recording lacks bytes that it copied')
    }
    writeSync(file, bytes, 0, length, offset)
  }

  /** Whole sectors of a range, each or not, read as zeros: they were never written. */
  #blank(file: number, from: number, to: number): void {
    const first = Math.ceil(from / sectorBytes) * sectorBytes
    for (let at = first; at < to; at += sectorBytes) {
      if (!this.#options.random.chance(0.5)) continue
      writeSync(file, new Uint8Array(Math.min(sectorBytes, to - at)), 0, undefined, at)
    }
  }

  /** What is there now is what the disk holds: the records begin anew. */
  close(): void {
    const { records } = this.#options
    closeSync(this.#copies)
    for (const name of ['journal', 'copies']) {
      if (existsSync(join(records, name))) truncateSync(join(records, name))
    }
    rmSync(join(records, 'saved'), { recursive: true, force: true })
    mkdirSync(join(records, 'saved'))
  }
}

/** Cuts the power of one directory, in place. No process may use it. */
export function buildImage(options: ImageOptions): ImageReport {
  const builder = new ImageBuilder(options)
  const undone = builder.undoNames()
  if (existsSync(options.data)) builder.cutFiles()
  builder.close()
  return { syncs: builder.syncs, undone, cut: builder.cut }
}
